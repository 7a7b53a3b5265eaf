-- One step of orders along the legal path: id, from, to. Orders that are elsewhere stay.
UPDATE orders AS o SET state = n.to_state
  FROM unnest($1::bigint[], $2::text[], $3::text[]) AS n(id, from_state, to_state)
 WHERE o.id = n.id AND o.state = n.from_state
