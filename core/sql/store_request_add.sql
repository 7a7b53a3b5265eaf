-- A request about personal data: store, kind, orders (source ids), hash of the body, seconds until an erasure. A repeat is the same request;
-- but a shop that was erased, came back and has left again is erased again.
INSERT INTO store_request AS r (store_id, kind, orders, body_hash, step, due_at)
VALUES ($1::bigint, $2::text, $3::text[], $4::bytea, CASE WHEN $2::text <> 'data_request' THEN 'erase' END, now() + $5::bigint * interval '1 second')
ON CONFLICT (store_id, kind, body_hash) DO UPDATE SET received_at = now(), done_at = NULL, note = NULL, closed_by = NULL, step = excluded.step,
  due_at = excluded.due_at, attempt = 0, error = NULL, published_at = NULL
 WHERE r.kind = 'shop_redact' AND r.done_at IS NOT NULL AND EXISTS (SELECT FROM store AS s WHERE s.id = r.store_id AND NOT s.is_active)
