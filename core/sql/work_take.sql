-- The row of a suspect that is not tried, held by us: table, role, row, lease.
SELECT t.attempt::bigint, t.order_id FROM work_take($1::text::regclass, $2::text, $3::bigint, $4::text) AS t
