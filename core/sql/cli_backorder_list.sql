-- Units that wait, in the order in which they will be served.
SELECT i.sku, b.quantity AS waiting, b.wanted, o.name AS "order", b.since::text AS since, b.promised::text AS promised, o.is_held AS held
  FROM backorder AS b JOIN item AS i ON i.id = b.item_id JOIN orders AS o ON o.id = b.order_id
 WHERE b.state = 'waiting' ORDER BY i.sku, b.since, b.id
