-- A request about personal data: store, kind, orders (comma-separated source ids), hash of the body. A repeat is the same request.
INSERT INTO privacy_request (store_id, kind, orders, body_hash, done_at)
VALUES ($1::bigint, $2::text, string_to_array($3::text, ','), $4::bytea, CASE WHEN $2::text = 'data_request' THEN NULL ELSE now() END)
ON CONFLICT (body_hash) DO NOTHING
