-- Before the items are locked: lock the orders that a count may take units from. Items, locations, quantities.
SELECT o.id FROM orders AS o
 WHERE o.id IN (SELECT p.order_id FROM unnest($1::bigint[], $2::bigint[], $3::text[]) AS n(item_id, location_id, quantity)
                  JOIN stock AS s ON s.item_id = n.item_id AND s.location_id = n.location_id AND s.allocated > n.quantity::bigint
                  JOIN shipment AS p ON p.location_id = s.location_id AND p.state IN ('planned', 'released')
                  JOIN allocation AS a ON a.shipment_id = p.id JOIN line_part AS l ON l.id = a.line_part_id AND l.item_id = s.item_id)
 ORDER BY o.id FOR NO KEY UPDATE OF o
