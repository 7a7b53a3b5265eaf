-- Every active store is compared again from a time less the overlap: time, seconds. A comparison that is just running loses its lease, so
-- that it cannot move the cursor past this.
UPDATE store AS s SET cursor_at = CASE WHEN s.cursor_at IS NOT NULL THEN least(s.cursor_at, $1::text::timestamptz - $2::bigint * interval '1 second') END,
       step = 'reconcile', due_at = now(), attempt = 0, error = NULL, lease = NULL, lease_until = NULL, published_at = NULL
 WHERE s.is_active AND s.platform <> 'none'
RETURNING s.id, s.domain, s.cursor_at::text AS compared_until
