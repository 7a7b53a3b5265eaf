-- The lines of orders that changed, with what has become of their units: shipped, and picked (in the hands of people or
-- carriers, so that only a person can cancel them). In units of the line.
SELECT l.id, l.order_id, l.source_id, l.ordered, l.cancelled, coalesce(u.shipped, 0) AS shipped, coalesce(u.picked, 0) AS picked,
       g.kind = 'pickup' AS is_pickup
  FROM order_line AS l
  JOIN delivery_group AS g ON g.id = l.delivery_group_id
  LEFT JOIN LATERAL (
    SELECT max(ceil(p.shipped::numeric / p.per_unit))::bigint AS shipped, max(ceil(coalesce(k.picked, 0) / p.per_unit))::bigint AS picked
      FROM line_part AS p
      LEFT JOIN LATERAL (SELECT sum(a.quantity) AS picked FROM allocation AS a JOIN shipment AS s ON s.id = a.shipment_id
                          WHERE a.line_part_id = p.id AND s.state NOT IN ('planned', 'released', 'shipped', 'delivered')) AS k ON true
     WHERE p.order_line_id = l.id) AS u ON true
 WHERE l.order_id = ANY ($1::bigint[])
 ORDER BY l.order_id, l.id
