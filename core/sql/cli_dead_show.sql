-- One job that gave up. Its body may hold personal data: only its size is shown.
SELECT d.id, d.fingerprint, d.role, d.row_id AS row, o.name AS "order", s.domain AS store, d.error_kind, d.error_code, d.error, d.attempts, d.headers,
       length(d.body) AS body_bytes, d.state, d.at::text AS at, d.closed_by, d.closed_at::text AS closed_at, d.closed_note
  FROM dead_letter AS d LEFT JOIN orders AS o ON o.id = d.order_id LEFT JOIN store AS s ON s.id = d.store_id WHERE d.id = $1::bigint
