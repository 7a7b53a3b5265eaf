-- Where shipments and their orders are now.
SELECT s.id, o.name AS "order", s.state, o.state AS order_state, (SELECT sum(a.quantity)::bigint FROM allocation AS a WHERE a.shipment_id = s.id) AS units
  FROM shipment AS s JOIN orders AS o ON o.id = s.order_id WHERE s.id = ANY ($1::bigint[]) ORDER BY s.id
