-- Erasures that are due: ids; the seconds after which nothing waits any more. Last: orders that are not done are erased, too.
SELECT r.id, r.attempt, r.store_id, now() >= r.received_at + $2::bigint * interval '1 second' AS is_last
  FROM store_request AS r
 WHERE r.id = ANY ($1::bigint[]) AND r.step IS NOT DISTINCT FROM 'erase' AND r.due_at <= now()
 ORDER BY r.id FOR NO KEY UPDATE OF r
