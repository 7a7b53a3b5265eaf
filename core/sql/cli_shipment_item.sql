-- How much of a SKU is in a shipment: item, units, order.
SELECT a.item_id, sum(a.quantity)::bigint, a.order_id FROM allocation AS a JOIN item AS i ON i.id = a.item_id AND i.sku = $2::text
 WHERE a.shipment_id = ANY ($1::bigint[]) AND NOT a.is_shipped GROUP BY a.item_id, a.order_id
