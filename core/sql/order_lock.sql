-- The orders of shipments, locked before the shipments are touched.
SELECT o.id FROM orders AS o WHERE o.id IN (SELECT s.order_id FROM shipment AS s WHERE s.id = ANY ($1::bigint[]))
 ORDER BY o.id FOR NO KEY UPDATE OF o
