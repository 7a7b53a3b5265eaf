-- Open dead letters by number or fingerprint, locked.
SELECT d.id, d.role, d.row_id, coalesce(d.headers, '{}')::text, d.body FROM dead_letter AS d
 WHERE d.state = 'open' AND (d.fingerprint = $1::text OR d.id::text = $1::text) ORDER BY d.id LIMIT 1000 FOR NO KEY UPDATE OF d
