-- The open holds of an order.
SELECT id, kind, reason FROM hold WHERE order_id = $1::bigint AND cleared_at IS NULL ORDER BY id
