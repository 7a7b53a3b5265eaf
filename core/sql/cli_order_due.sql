-- What of an order is due now: role, id.
SELECT o.step, o.id FROM orders AS o WHERE o.id = $1::bigint AND o.step IS NOT NULL AND o.due_at <= now() AND NOT o.is_held
UNION ALL SELECT s.step, s.id FROM shipment AS s
 WHERE s.order_id = $1::bigint AND s.step IS NOT NULL AND s.due_at <= now() AND NOT s.is_held
