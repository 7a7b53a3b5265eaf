-- Every active store and carrier account with its sealed credentials: a row for each, at least one.
SELECT 'store' AS kind, s.id, s.platform, s.domain, s.api_base, c.id, c.kind, c.sealed, c.error
  FROM store AS s LEFT JOIN credential AS c ON c.store_id = s.id WHERE s.is_active
UNION ALL
SELECT 'carrier', a.id, a.carrier, a.name, a.api_base, c.id, c.kind, c.sealed, c.error
  FROM carrier_account AS a LEFT JOIN credential AS c ON c.carrier_account_id = a.id WHERE a.is_active
 ORDER BY 1 DESC, 2, 6
