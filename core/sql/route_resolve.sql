-- Lines that need shipping and have no parts yet: which items they consist of. By the store's listing (its variant, then its
-- SKU), else by the item of that SKU. A line that nothing is found for comes once with a null item.
WITH line AS MATERIALIZED (
  SELECT l.id, l.order_id, o.merchant_id, l.sku, l.title,
         coalesce((SELECT v.id FROM listing AS v WHERE v.store_id = o.store_id AND v.variant_id = l.variant_id),
                  (SELECT s.id FROM listing AS s WHERE s.store_id = o.store_id AND s.variant_id IS NULL AND name_key(s.sku) = name_key(l.sku)))
           AS listing_id,
         (SELECT i.id FROM item AS i WHERE i.merchant_id = o.merchant_id AND name_key(i.sku) = name_key(l.sku)) AS item_id
    FROM order_line AS l JOIN orders AS o ON o.id = l.order_id
   WHERE l.order_id = ANY ($1::bigint[]) AND l.needs_shipping AND l.ordered > l.cancelled
     AND NOT EXISTS (SELECT 1 FROM line_part AS p WHERE p.order_line_id = l.id)
)
SELECT line.id, line.order_id, CASE WHEN line.listing_id IS NOT NULL THEN p.item_id ELSE line.item_id END AS item_id,
       coalesce(p.quantity, 1) AS per_unit, line.sku, line.title
  FROM line
  LEFT JOIN listing_part AS p ON p.listing_id = line.listing_id
 ORDER BY line.order_id, line.id
