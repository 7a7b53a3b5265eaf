-- Why: id, order, group, is it proven, nodes of the search, the rest as JSON.
INSERT INTO routing_decision (id, order_id, delivery_group_id, is_optimal, nodes, detail)
SELECT n.id, n.order_id, n.group_id, n.is_optimal, n.nodes, n.detail::jsonb
  FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::boolean[], $5::bigint[], $6::text[]) AS n(id, order_id, group_id, is_optimal, nodes, detail)
