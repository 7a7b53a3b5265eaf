-- The label's bytes, or where they are: purchase, content type, bytes, path, sha256.
INSERT INTO label_document (label_purchase_id, content_type, bytes, path, sha256)
VALUES ($1::bigint, $2::text, $3::bytea, $4::text, $5::bytea)
ON CONFLICT DO NOTHING
