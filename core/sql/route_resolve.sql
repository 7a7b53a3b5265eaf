-- Lines that need shipping and have no parts yet: which items they consist of. By the store's listing (its variant, then its
-- SKU), else by the item of that SKU, else by the one item whose SKU differs in case or blanks only. A line that nothing is found for
-- comes once with a null item; several rows that are "alike" are an ambiguous SKU.
WITH line AS MATERIALIZED (
  SELECT l.id, l.order_id, o.merchant_id, l.sku,
         coalesce((SELECT v.id FROM listing AS v WHERE v.store_id = o.store_id AND v.variant_id = l.variant_id),
                  (SELECT s.id FROM listing AS s WHERE s.store_id = o.store_id AND s.variant_id IS NULL AND s.sku = l.sku)) AS listing_id
    FROM order_line AS l JOIN orders AS o ON o.id = l.order_id
   WHERE l.order_id = ANY ($1::bigint[]) AND l.needs_shipping AND l.ordered > l.cancelled
     AND NOT EXISTS (SELECT 1 FROM line_part AS p WHERE p.order_line_id = l.id)
), exact AS (
  SELECT line.id, i.id AS item_id FROM line JOIN item AS i ON i.merchant_id = line.merchant_id AND i.sku = line.sku
   WHERE line.listing_id IS NULL
)
SELECT line.id, line.order_id, coalesce(p.item_id, exact.item_id, alike.id) AS item_id, coalesce(p.quantity, 1) AS per_unit,
       alike.id IS NOT NULL AS is_alike, line.sku
  FROM line
  LEFT JOIN listing_part AS p ON p.listing_id = line.listing_id
  LEFT JOIN exact ON exact.id = line.id
  LEFT JOIN item AS alike ON line.listing_id IS NULL AND exact.id IS NULL AND alike.merchant_id = line.merchant_id
   AND lower(btrim(alike.sku)) = lower(btrim(line.sku))
 ORDER BY line.order_id, line.id
