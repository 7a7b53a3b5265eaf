-- What is where: SKU, location (null: all), at most so many.
SELECT i.sku, l.code AS location, s.on_hand, s.allocated, s.safety_stock, stock_free(s) AS free, i.title
  FROM stock AS s JOIN item AS i ON i.id = s.item_id JOIN location AS l ON l.id = s.location_id
 WHERE ($1::text IS NULL OR name_key(i.sku) = name_key($1::text)) AND ($2::text IS NULL OR name_key(l.code) = name_key($2::text))
 ORDER BY i.sku, l.code LIMIT $3::bigint
