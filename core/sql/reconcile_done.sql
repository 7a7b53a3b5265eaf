-- A store is compared up to a time: id, lease, cursor (microseconds), seconds until the next time.
UPDATE store AS s SET cursor_at = greatest(coalesce(s.cursor_at, '-infinity'), to_timestamp($3::bigint / 1000000.0)),
       due_at = now() + $4::bigint * interval '1 second', attempt = 0, error = NULL, lease = NULL, lease_until = NULL, published_at = NULL
 WHERE s.id = $1::bigint AND s.lease = $2::text
