-- Everything that has happened to an order.
SELECT v.seq, v.at::text AS at, v.actor, v.kind, v.shipment_id AS shipment, v.from_state AS "from", v.to_state AS "to", v.note, v.detail
  FROM order_event AS v WHERE v.order_id = $1::bigint ORDER BY v.seq
