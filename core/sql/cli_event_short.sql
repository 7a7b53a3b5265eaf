-- Orders lost units that were not there: orders, shipments.
INSERT INTO order_event (order_id, actor, kind, shipment_id, note)
SELECT n.order_id, event_actor(), 'short', n.shipment_id, 'units were not there; the order is planned again'
  FROM unnest($1::bigint[], $2::bigint[]) AS n(order_id, shipment_id) ORDER BY n.order_id, n.shipment_id
