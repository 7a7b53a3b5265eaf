-- A store that was said to have left takes our token: store, lease. What is due now: role, id.
SELECT r.role, r.id FROM store AS s CROSS JOIN LATERAL store_stayed(s.id) AS r WHERE s.id = $1::bigint AND s.lease = $2::text
