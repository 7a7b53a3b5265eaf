-- Locations that may not ship parts of these orders.
SELECT x.line_part_id, x.location_id, x.reason FROM exclusion AS x JOIN line_part AS p ON p.id = x.line_part_id
 WHERE p.order_id = ANY ($1::bigint[]) AND x.until > now()
