-- Items by the beginning of their SKU, with what there is of them.
SELECT i.sku, i.title, i.grams, i.is_tracked AS tracked, coalesce(s.on_hand, 0) AS on_hand, coalesce(s.allocated, 0) AS allocated,
       coalesce(b.waiting, 0) AS backordered, i.restock_on::text AS restock_on, i.hs_code, i.origin_country, m.name AS merchant, i.id
  FROM item AS i JOIN merchant AS m ON m.id = i.merchant_id
  LEFT JOIN LATERAL (SELECT sum(on_hand)::bigint AS on_hand, sum(allocated)::bigint AS allocated FROM stock WHERE item_id = i.id) AS s ON true
  LEFT JOIN LATERAL (SELECT sum(quantity)::bigint AS waiting FROM backorder WHERE item_id = i.id AND state = 'waiting') AS b ON true
 WHERE starts_with(name_key(i.sku), coalesce(name_key($1::text), ''))
 ORDER BY i.sku, i.id LIMIT $2::bigint
