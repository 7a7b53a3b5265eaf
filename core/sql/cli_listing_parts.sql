-- The items a listing consists of, all of them anew: store, variant, SKU, items' SKUs, quantities.
WITH l AS MATERIALIZED (
  SELECT l.id, l.merchant_id FROM listing AS l
   WHERE l.store_id = $1::bigint AND CASE WHEN $2::text IS NULL THEN l.variant_id IS NULL AND name_key(l.sku) = name_key($3::text) ELSE l.variant_id = $2::text END
), part AS MATERIALIZED (
  SELECT l.id AS listing_id, i.id AS item_id, i.sku, n.quantity::int AS quantity
    FROM l, unnest($4::text[], $5::text[]) AS n(sku, quantity) JOIN item AS i ON name_key(i.sku) = name_key(n.sku)
   WHERE i.merchant_id = (SELECT merchant_id FROM l)
), gone AS (
  DELETE FROM listing_part AS p USING l WHERE p.listing_id = l.id AND p.item_id NOT IN (SELECT item_id FROM part)
), put AS (
  INSERT INTO listing_part (listing_id, item_id, quantity)
  SELECT DISTINCT ON (item_id) listing_id, item_id, quantity FROM part
  ON CONFLICT (listing_id, item_id) DO UPDATE SET quantity = excluded.quantity
  RETURNING listing_id, item_id, quantity
)
SELECT put.listing_id AS listing, i.sku, put.quantity FROM put JOIN item AS i ON i.id = put.item_id ORDER BY i.sku
