-- The open dead letters of rows that are tried again: role, rows.
UPDATE dead_letter SET state = 'retried', closed_by = event_actor(), closed_at = now()
 WHERE state = 'open' AND role = $1::text AND row_id = ANY ($2::bigint[])
