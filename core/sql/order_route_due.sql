-- Orders that are cleared to be planned: route is due where there is something to plan, for held ones when they are
-- cleared. A paid order is always planned once, if only to find that nothing of it ships. Others are left alone.
UPDATE orders AS o SET step = 'route', due_at = now(), attempt = 0, error = NULL, published_at = NULL
 WHERE o.id = ANY ($1::bigint[])
   AND (o.state = 'paid' OR o.state IN ('awaiting_fulfillment', 'partially_fulfilled') AND EXISTS (
     SELECT 1 FROM order_line AS l LEFT JOIN line_part AS p ON p.order_line_id = l.id
      WHERE l.order_id = o.id AND l.needs_shipping AND l.ordered > l.cancelled
        AND (p.id IS NULL OR p.quantity > p.cancelled + p.allocated + p.shipped + p.backordered)))
RETURNING o.id, o.is_held
