-- What there is now: items, locations, in this order.
SELECT i.sku, l.code AS location, s.on_hand, s.allocated, s.safety_stock, stock_free(s) AS free
  FROM unnest($1::bigint[], $2::bigint[]) WITH ORDINALITY AS n(item_id, location_id, n)
  JOIN item AS i ON i.id = n.item_id JOIN location AS l ON l.id = n.location_id
  LEFT JOIN stock AS s ON s.item_id = n.item_id AND s.location_id = n.location_id
 ORDER BY n.n
