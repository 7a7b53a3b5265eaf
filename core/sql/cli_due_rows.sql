-- Rows that wait for workers, the oldest first: role (null: all), at most so many.
SELECT d.step AS role, d.kind, d.id, o.name AS "order", d.due_at::text AS due_at, d.attempt, d.is_held AS held, d.lease, d.error
  FROM due_job AS d LEFT JOIN orders AS o ON o.id = d.order_id
 WHERE $1::text IS NULL OR d.step = $1::text ORDER BY d.due_at, d.step, d.id LIMIT $2::bigint
