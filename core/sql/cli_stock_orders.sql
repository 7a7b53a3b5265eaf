-- Before the items are locked: lock the orders that a count may take units from. Items, locations, quantities.
SELECT o.id FROM orders AS o
 WHERE o.id IN (SELECT a.order_id FROM unnest($1::bigint[], $2::bigint[], $3::text[]) AS n(item_id, location_id, quantity)
                  JOIN stock AS s ON s.item_id = n.item_id AND s.location_id = n.location_id AND s.allocated > n.quantity::bigint
                  JOIN allocation AS a ON a.item_id = s.item_id AND a.location_id = s.location_id AND NOT a.is_shipped)
 ORDER BY o.id FOR NO KEY UPDATE OF o
