-- Ids for so many new orders, delivery groups and lines, in this order.
SELECT nextval('orders_id_seq') FROM generate_series(1, $1::bigint)
UNION ALL SELECT nextval('delivery_group_id_seq') FROM generate_series(1, $2::bigint)
UNION ALL SELECT nextval('order_line_id_seq') FROM generate_series(1, $3::bigint)
