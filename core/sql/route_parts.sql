-- Parts with units that nobody has planned or that wait.
SELECT p.id, p.order_id, l.delivery_group_id, p.order_line_id, p.item_id, p.per_unit,
       p.quantity - p.cancelled - p.allocated - p.shipped - p.backordered AS open, p.backordered, b.id AS backorder_id
  FROM line_part AS p JOIN order_line AS l ON l.id = p.order_line_id
  LEFT JOIN backorder AS b ON b.line_part_id = p.id AND b.state = 'waiting'
 WHERE p.order_id = ANY ($1::bigint[]) AND l.needs_shipping AND p.quantity > p.cancelled + p.allocated + p.shipped
 ORDER BY p.order_id, l.delivery_group_id, p.order_line_id, p.id
