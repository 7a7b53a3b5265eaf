-- Where a counter is not what it is kept from: on_hand from the ledger, allocated from live allocations, parts from their units.
WITH ledger AS (
  SELECT item_id, location_id, sum(delta) AS n FROM stock_move GROUP BY 1, 2
), allocated AS (
  SELECT a.line_part_id, p.item_id, s.location_id, a.quantity, s.state IN ('shipped', 'delivered') AS is_shipped
    FROM allocation AS a JOIN shipment AS s ON s.id = a.shipment_id JOIN line_part AS p ON p.id = a.line_part_id
), promised AS (
  SELECT a.item_id, a.location_id, sum(a.quantity) AS n FROM allocated AS a JOIN item AS i ON i.id = a.item_id AND i.is_tracked
   WHERE NOT a.is_shipped GROUP BY 1, 2
), wrong AS (
  SELECT 'on_hand differs from the ledger' AS problem, coalesce(s.item_id, m.item_id) AS item_id, coalesce(s.location_id, m.location_id) AS location_id,
         NULL::bigint AS order_id, coalesce(s.on_hand, 0) AS is, coalesce(m.n, 0)::bigint AS should_be
    FROM stock AS s FULL JOIN ledger AS m ON m.item_id = s.item_id AND m.location_id = s.location_id
   WHERE coalesce(s.on_hand, 0) <> coalesce(m.n, 0)
  UNION ALL
  SELECT 'allocated differs from the allocations', coalesce(s.item_id, a.item_id), coalesce(s.location_id, a.location_id), NULL,
         coalesce(s.allocated, 0), coalesce(a.n, 0)::bigint
    FROM stock AS s FULL JOIN promised AS a ON a.item_id = s.item_id AND a.location_id = s.location_id
   WHERE coalesce(s.allocated, 0) <> coalesce(a.n, 0)
  UNION ALL
  SELECT 'more is allocated than there is', s.item_id, s.location_id, NULL, s.allocated, s.on_hand FROM stock AS s WHERE s.allocated > s.on_hand
  UNION ALL
  SELECT 'a part''s units differ from its allocations', p.item_id, NULL, p.order_id, p.allocated + p.shipped, coalesce(sum(a.quantity), 0)::bigint
    FROM line_part AS p LEFT JOIN allocated AS a ON a.line_part_id = p.id GROUP BY p.id
  HAVING p.allocated <> coalesce(sum(a.quantity) FILTER (WHERE NOT a.is_shipped), 0)
      OR p.shipped <> coalesce(sum(a.quantity) FILTER (WHERE a.is_shipped), 0)
  UNION ALL
  SELECT 'a part''s backordered units differ from its backorders', p.item_id, NULL, p.order_id, p.backordered, coalesce(sum(b.quantity), 0)::bigint
    FROM line_part AS p LEFT JOIN backorder AS b ON b.line_part_id = p.id AND b.state = 'waiting' GROUP BY p.id
  HAVING p.backordered <> coalesce(sum(b.quantity), 0)
)
SELECT w.problem, i.sku, l.code AS location, w.order_id AS "order", w.is, w.should_be
  FROM wrong AS w JOIN item AS i ON i.id = w.item_id LEFT JOIN location AS l ON l.id = w.location_id ORDER BY 1, 2, 3, 4
