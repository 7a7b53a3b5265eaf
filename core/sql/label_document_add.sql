-- Labels' bytes, or where they are: purchases, content types, bytes, paths, sha256.
INSERT INTO label_document (label_purchase_id, content_type, bytes, path, sha256)
SELECT n.* FROM unnest($1::bigint[], $2::text[], $3::bytea[], $4::text[], $5::bytea[]) AS n
ON CONFLICT DO NOTHING
