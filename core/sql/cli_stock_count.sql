-- What was counted, under the items' locks: items, locations, quantities, note. What is as expected leaves no move.
INSERT INTO stock_move (item_id, location_id, delta, kind, note)
SELECT n.item_id, n.location_id, n.quantity::bigint - coalesce(s.on_hand, 0), 'count', $4::text
  FROM unnest($1::bigint[], $2::bigint[], $3::text[]) AS n(item_id, location_id, quantity)
  LEFT JOIN stock AS s ON s.item_id = n.item_id AND s.location_id = n.location_id
 WHERE n.quantity::bigint <> coalesce(s.on_hand, 0)
