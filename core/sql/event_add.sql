-- Events: order, actor (null: this process), kind, shipment, note, detail. In the order given.
INSERT INTO order_event (order_id, actor, kind, shipment_id, note, detail)
SELECT n.order_id, coalesce(n.actor, event_actor()), n.kind, n.shipment_id, left(n.note, 1000), n.detail::jsonb
  FROM unnest($1::bigint[], $2::text[], $3::text[], $4::bigint[], $5::text[], $6::text[])
       WITH ORDINALITY AS n(order_id, actor, kind, shipment_id, note, detail, rank)
 ORDER BY n.rank
