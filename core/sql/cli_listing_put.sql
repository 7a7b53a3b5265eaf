-- What a store sells under a variant or a SKU: store, variant, SKU, title.
WITH old AS (
  UPDATE listing AS l SET sku = coalesce($3::text, l.sku), title = coalesce($4::text, l.title)
   WHERE l.store_id = $1::bigint AND CASE WHEN $2::text IS NULL THEN l.variant_id IS NULL AND name_key(l.sku) = name_key($3::text) ELSE l.variant_id = $2::text END
  RETURNING l.id
)
INSERT INTO listing (merchant_id, store_id, variant_id, sku, title)
SELECT s.merchant_id, s.id, $2::text, $3::text, coalesce($4::text, '') FROM store AS s
 WHERE s.id = $1::bigint AND NOT EXISTS (SELECT 1 FROM old)
