-- The orders at the head of the items' queues, as far as the free stock reaches: route is due. Orders are locked in their order.
WITH free AS (
  SELECT s.item_id, sum(stock_free(s)) AS units FROM stock AS s JOIN location AS l ON l.id = s.location_id AND location_closed(l) IS NULL
   WHERE s.item_id = ANY ($1::bigint[]) GROUP BY s.item_id
), queue AS (
  SELECT b.item_id, b.order_id, sum(b.quantity) OVER (PARTITION BY b.item_id ORDER BY b.since, b.id) - b.quantity AS before
    FROM backorder AS b WHERE b.item_id = ANY ($1::bigint[]) AND b.state = 'waiting'
), served AS MATERIALIZED (
  SELECT o.id FROM orders AS o
   WHERE o.id IN (SELECT queue.order_id FROM queue JOIN free USING (item_id) WHERE queue.before < free.units)
     AND o.state IN ('paid', 'awaiting_fulfillment', 'partially_fulfilled') AND o.due_at < 'infinity'
   ORDER BY o.id FOR NO KEY UPDATE OF o
)
UPDATE orders AS o SET step = 'route', due_at = now(), attempt = 0, error = NULL, published_at = NULL
  FROM served WHERE o.id = served.id
RETURNING o.id, o.is_held
