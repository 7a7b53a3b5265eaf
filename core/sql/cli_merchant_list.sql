-- All merchants.
SELECT m.id, m.name, m.brand, (SELECT count(*) FROM store AS s WHERE s.merchant_id = m.id) AS stores FROM merchant AS m ORDER BY m.name
