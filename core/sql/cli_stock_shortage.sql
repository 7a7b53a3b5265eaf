-- Units promised that are not there are taken back from the newest shipments nobody has picked: items, locations.
-- Returns shipment, order, units.
WITH short AS MATERIALIZED (
  SELECT s.item_id, s.location_id, s.allocated - s.on_hand AS units FROM stock AS s
   WHERE (s.item_id, s.location_id) IN (SELECT * FROM unnest($1::bigint[], $2::bigint[])) AND s.allocated > s.on_hand
), ranked AS MATERIALIZED (
  SELECT a.line_part_id, a.shipment_id, s.order_id, a.quantity, short.units,
         sum(a.quantity) OVER (PARTITION BY short.item_id, short.location_id ORDER BY s.id DESC, p.id DESC) - a.quantity AS before
    FROM short JOIN shipment AS s ON s.location_id = short.location_id AND s.state IN ('planned', 'released')
    JOIN allocation AS a ON a.shipment_id = s.id JOIN line_part AS p ON p.id = a.line_part_id AND p.item_id = short.item_id
), taken AS MATERIALIZED (
  SELECT line_part_id, shipment_id, order_id, quantity, least(quantity, units - before) AS take FROM ranked WHERE before < units
), gone AS (
  DELETE FROM allocation WHERE (line_part_id, shipment_id) IN (SELECT line_part_id, shipment_id FROM taken WHERE take = quantity)
), fewer AS (
  UPDATE allocation AS a SET quantity = a.quantity - t.take FROM taken AS t
   WHERE a.line_part_id = t.line_part_id AND a.shipment_id = t.shipment_id AND t.take < t.quantity
)
SELECT shipment_id, order_id, sum(take)::bigint FROM taken GROUP BY 1, 2 ORDER BY 2, 1
