-- All accounts at carriers.
SELECT c.id, c.carrier, c.name, m.name AS merchant, c.api_base, c.label_format, c.is_active AS active,
       (SELECT count(*) FROM label_purchase AS l WHERE l.carrier_account_id = c.id AND l.state = 'bought') AS labels
  FROM carrier_account AS c JOIN merchant AS m ON m.id = c.merchant_id ORDER BY m.name, c.name
