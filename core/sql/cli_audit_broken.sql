-- The first broken event of each order in a range.
SELECT b.order_id AS "order", o.name, b.seq, b.problem FROM audit_broken($1::bigint, $2::bigint) AS b LEFT JOIN orders AS o ON o.id = b.order_id
