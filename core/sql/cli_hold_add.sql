-- A person holds an order: order, kind, reason. One open hold of a kind is enough.
INSERT INTO hold (order_id, kind, reason) VALUES ($1::bigint, $2::text, $3::text)
ON CONFLICT DO NOTHING RETURNING id, kind, reason, set_by, set_at::text AS set_at
