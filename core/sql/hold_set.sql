-- Holds on shipments (or, without one, on orders): order, shipment, kind, reason. One open hold of a kind is enough.
INSERT INTO hold (order_id, shipment_id, kind, reason)
SELECT h.order_id, h.shipment_id, h.kind, h.reason
  FROM unnest($1::bigint[], $2::bigint[], $3::text[], $4::text[]) AS h(order_id, shipment_id, kind, reason)
ON CONFLICT DO NOTHING
