-- Goods have come: items, locations, quantities, note.
INSERT INTO stock_move (item_id, location_id, delta, kind, note)
SELECT n.item_id, n.location_id, n.quantity::bigint, 'receive', $4::text
  FROM unnest($1::bigint[], $2::bigint[], $3::text[]) AS n(item_id, location_id, quantity)
