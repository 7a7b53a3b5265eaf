-- Clear an order's open holds: order, one of them (null: all).
UPDATE hold SET cleared_by = event_actor(), cleared_at = now()
 WHERE order_id = $1::bigint AND cleared_at IS NULL AND ($2::bigint IS NULL OR id = $2::bigint)
RETURNING id, kind, reason
