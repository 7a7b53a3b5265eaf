-- Planned shipments: id, order, group, location, step (null: people or a fulfiller go on), state.
INSERT INTO shipment (id, merchant_id, order_id, delivery_group_id, location_id, state, step)
SELECT n.id, o.merchant_id, n.order_id, n.group_id, n.location_id, n.state, n.step
  FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bigint[], $5::text[], $6::text[]) AS n(id, order_id, group_id, location_id, state, step)
  JOIN orders AS o ON o.id = n.order_id
