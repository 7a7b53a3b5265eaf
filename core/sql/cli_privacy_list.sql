-- What stores ask for about personal data: all of it, or what is not done; the oldest first.
SELECT r.id, s.domain AS store, r.kind, cardinality(r.orders) AS orders, r.received_at::text AS received_at,
       CASE WHEN r.step IS NOT NULL THEN r.due_at::text END AS due_at, r.done_at::text AS done_at, r.closed_by, r.note, r.error
  FROM privacy_request AS r JOIN store AS s ON s.id = r.store_id
 WHERE $1::boolean OR r.done_at IS NULL ORDER BY r.received_at, r.id LIMIT $2::bigint
