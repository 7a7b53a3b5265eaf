-- A person has answered a request about personal data, or refuses an erasure: id, note.
UPDATE store_request SET step = NULL, done_at = now(), closed_by = event_actor(), note = $2::text, error = NULL
 WHERE id = $1::bigint AND kind <> 'uninstalled' AND done_at IS NULL
RETURNING id, kind, orders
