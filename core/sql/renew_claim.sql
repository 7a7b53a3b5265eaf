-- Access tokens that are due to be renewed: ids, lease, seconds; with what they are got with.
WITH due AS MATERIALIZED (
  SELECT c.id FROM credential AS c
   WHERE c.id = ANY ($1::bigint[]) AND c.step = 'renew' AND c.due_at <= now() AND (c.lease_until IS NULL OR c.lease_until <= now())
   ORDER BY c.id FOR NO KEY UPDATE OF c
), claimed AS (
  UPDATE credential AS c SET lease = $2::text, lease_until = now() + $3::bigint * interval '1 second'
    FROM due WHERE c.id = due.id
  RETURNING c.id, c.attempt, c.store_id
)
SELECT c.id, c.attempt, c.store_id, s.platform, s.domain, s.api_base, i.id, i.sealed, x.id, x.sealed,
       (SELECT count(*) FROM store_request AS r WHERE r.store_id = s.id AND r.kind = 'uninstalled' AND r.done_at IS NULL) > 0 AS is_doubted
  FROM claimed AS c JOIN store AS s ON s.id = c.store_id
  LEFT JOIN credential AS i ON i.store_id = s.id AND i.kind = 'client_id'
  LEFT JOIN credential AS x ON x.store_id = s.id AND x.kind = 'client_secret'
