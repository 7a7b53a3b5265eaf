-- What held shipments that are cancelled now is over: shipments.
UPDATE hold AS h SET cleared_by = event_actor(), cleared_at = now()
  FROM shipment AS s
 WHERE s.id = ANY ($1::bigint[]) AND s.state = 'cancelled'
   AND h.order_id = s.order_id AND h.shipment_id = s.id AND h.cleared_at IS NULL
