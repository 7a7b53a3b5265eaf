-- What of a backorder still waits after a plan: id, quantity; 0: it is filled.
UPDATE backorder AS b SET quantity = n.quantity, state = CASE WHEN n.quantity = 0 THEN 'filled' ELSE 'waiting' END,
       wanted = greatest(b.wanted, n.quantity), closed_at = CASE WHEN n.quantity = 0 THEN now() END
  FROM unnest($1::bigint[], $2::bigint[]) AS n(id, quantity) WHERE b.id = n.id AND b.state = 'waiting'
