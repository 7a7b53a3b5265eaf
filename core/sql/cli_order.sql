-- Orders by name ("#1001", "1001" too), else by number.
WITH named AS (SELECT o.id FROM orders AS o WHERE o.merchant_id IN (SELECT id FROM merchant) AND o.name IN (btrim($1::text), '#' || btrim($1::text)))
SELECT id FROM named UNION ALL
SELECT o.id FROM orders AS o WHERE o.id = CASE WHEN $1::text ~ '^[0-9]{1,18}$' THEN $1::text::bigint END AND NOT EXISTS (SELECT 1 FROM named)
 ORDER BY 1 LIMIT 2
