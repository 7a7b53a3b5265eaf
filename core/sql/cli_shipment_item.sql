-- How much of a SKU is in shipments that have not shipped: item, units, order.
SELECT p.item_id, sum(a.quantity)::bigint, p.order_id
  FROM shipment AS s JOIN allocation AS a ON a.shipment_id = s.id JOIN line_part AS p ON p.id = a.line_part_id
  JOIN item AS i ON i.id = p.item_id AND name_key(i.sku) = name_key($2::text)
 WHERE s.id = ANY ($1::bigint[]) AND s.state NOT IN ('shipped', 'delivered') GROUP BY p.item_id, p.order_id
