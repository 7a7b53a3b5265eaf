-- The items and locations that rows name, in their order: merchant, SKUs, codes.
SELECT i.id, l.id, i.is_tracked
  FROM unnest($2::text[], $3::text[]) WITH ORDINALITY AS n(sku, code, n)
  LEFT JOIN item AS i ON i.merchant_id = $1::bigint AND name_key(i.sku) = name_key(n.sku)
  LEFT JOIN location AS l ON l.merchant_id = $1::bigint AND name_key(l.code) = name_key(n.code)
 ORDER BY n.n
