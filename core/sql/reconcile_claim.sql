-- Stores whose orders are due to be compared: ids, lease, seconds.
WITH due AS MATERIALIZED (
  SELECT s.id FROM store AS s
   WHERE s.id = ANY ($1::bigint[]) AND s.step = 'reconcile' AND s.due_at <= now() AND s.is_active
     AND (s.lease_until IS NULL OR s.lease_until <= now())
   ORDER BY s.id FOR NO KEY UPDATE OF s
), claimed AS (
  UPDATE store AS s SET lease = $2::text, lease_until = now() + $3::bigint * interval '1 second'
    FROM due WHERE s.id = due.id
  RETURNING s.*
)
SELECT c.id, c.attempt, c.platform, c.domain, c.api_base,
       (extract(epoch FROM coalesce(c.cursor_at, c.orders_from)) * 1000000)::bigint AS since_us, t.id, t.sealed,
       (SELECT count(*) FROM store_request AS r WHERE r.store_id = c.id AND r.kind = 'uninstalled' AND r.done_at IS NULL) > 0 AS is_doubted,
       (SELECT count(*) FROM credential AS i WHERE i.store_id = c.id AND i.kind = 'client_id') > 0 AS is_renewable
  FROM claimed AS c LEFT JOIN credential AS t ON t.store_id = c.id AND t.kind = 'access_token'
