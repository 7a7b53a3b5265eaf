-- A new access token: id, lease, sealed, seconds it lives (0: for ever). Renewed again at 80 % of its life.
UPDATE credential AS c SET sealed = $3::bytea, renewed_at = now(), attempt = 0, error = NULL, lease = NULL, lease_until = NULL, published_at = NULL,
       expires_at = CASE WHEN $4::bigint > 0 THEN now() + $4::bigint * interval '1 second' END,
       step = CASE WHEN $4::bigint > 0 THEN 'renew' END,
       due_at = now() + $4::bigint * interval '0.8 seconds'
 WHERE c.id = $1::bigint AND c.lease = $2::text
