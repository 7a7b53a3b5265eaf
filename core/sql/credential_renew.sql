-- Access tokens that were refused: due to be renewed, unless that has just happened.
UPDATE credential SET step = 'renew', due_at = now(), error = NULL, published_at = NULL
 WHERE id = ANY ($1::bigint[]) AND kind = 'access_token' AND lease IS NULL
   AND (renewed_at IS NULL OR renewed_at < now() - interval '20 seconds')
RETURNING id
