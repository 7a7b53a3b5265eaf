-- Items added or changed: merchant, mode, columns. Per row taken: its number, what became of it.
WITH n AS MATERIALIZED (
  SELECT * FROM unnest($3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[], $10::text[], $11::text[],
                       $12::text[], $13::text[])
    WITH ORDINALITY AS n(sku, title, grams, length_mm, width_mm, height_mm, hs_code, origin_country, customs_title, is_tracked,
                         restock_on, n)
), old AS (
  UPDATE item AS i
     SET title = coalesce(n.title, i.title), grams = coalesce(nullif(n.grams, '')::int, i.grams),
         length_mm = coalesce(nullif(n.length_mm, '')::int, i.length_mm), width_mm = coalesce(nullif(n.width_mm, '')::int, i.width_mm),
         height_mm = coalesce(nullif(n.height_mm, '')::int, i.height_mm), hs_code = coalesce(n.hs_code, i.hs_code),
         origin_country = coalesce(nullif(n.origin_country, ''), i.origin_country),
         customs_title = coalesce(n.customs_title, i.customs_title),
         is_tracked = coalesce(nullif(n.is_tracked, '')::boolean, i.is_tracked),
         restock_on = CASE n.restock_on WHEN '' THEN NULL ELSE coalesce(n.restock_on::date, i.restock_on) END
    FROM n WHERE i.merchant_id = $1::bigint AND name_key(i.sku) = name_key(n.sku) AND $2::text <> 'add'
  RETURNING n.n, i.id, i.sku
), new AS (
  INSERT INTO item (merchant_id, sku, title, grams, length_mm, width_mm, height_mm, hs_code, origin_country, customs_title, is_tracked,
                    restock_on)
  SELECT $1::bigint, n.sku, coalesce(n.title, ''), nullif(n.grams, '')::int, nullif(n.length_mm, '')::int, nullif(n.width_mm, '')::int,
         nullif(n.height_mm, '')::int, nullif(n.hs_code, ''), nullif(n.origin_country, ''), nullif(n.customs_title, ''),
         coalesce(nullif(n.is_tracked, '')::boolean, true), nullif(n.restock_on, '')::date
    FROM n WHERE $2::text <> 'set' AND NOT EXISTS (SELECT 1 FROM item AS i WHERE i.merchant_id = $1::bigint AND name_key(i.sku) = name_key(n.sku))
   ORDER BY n.n
  RETURNING id, sku
)
SELECT old.n AS row, 'changed' AS outcome, old.id, old.sku FROM old
UNION ALL SELECT n.n, 'added', new.id, new.sku FROM new JOIN n ON n.sku = new.sku
 ORDER BY 1
