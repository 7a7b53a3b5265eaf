-- Clear what workers have put on hold, so that they look again: order, kind. Returns the shipments that go on, with
-- their roles.
WITH lifted AS (
  UPDATE hold AS h SET cleared_by = event_actor(), cleared_at = now()
    FROM unnest($1::bigint[], $2::text[]) AS n(order_id, kind)
   WHERE h.order_id = n.order_id AND h.kind = n.kind AND h.cleared_at IS NULL AND starts_with(h.set_by, 'worker:')
  RETURNING h.shipment_id
)
SELECT s.id, s.step FROM shipment AS s WHERE s.id IN (SELECT shipment_id FROM lifted) AND s.step IS NOT NULL
