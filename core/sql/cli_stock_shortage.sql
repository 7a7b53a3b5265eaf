-- Units promised that are not there are taken back from the newest shipments nobody has picked: items, locations.
-- Returns shipment, order, units.
WITH short AS MATERIALIZED (
  SELECT s.item_id, s.location_id, s.allocated - s.on_hand AS units FROM stock AS s
   WHERE (s.item_id, s.location_id) IN (SELECT * FROM unnest($1::bigint[], $2::bigint[])) AND s.allocated > s.on_hand
), ranked AS MATERIALIZED (
  SELECT a.id, a.shipment_id, a.order_id, a.quantity, short.units,
         sum(a.quantity) OVER (PARTITION BY a.item_id, a.location_id ORDER BY a.id DESC) - a.quantity AS before
    FROM short JOIN allocation AS a ON a.item_id = short.item_id AND a.location_id = short.location_id AND NOT a.is_shipped
    JOIN shipment AS p ON p.id = a.shipment_id AND p.state IN ('planned', 'released')
), taken AS MATERIALIZED (
  SELECT id, shipment_id, order_id, quantity, least(quantity, units - before) AS take FROM ranked WHERE before < units
), gone AS (
  DELETE FROM allocation WHERE id IN (SELECT id FROM taken WHERE take = quantity)
), fewer AS (
  UPDATE allocation AS a SET quantity = a.quantity - t.take FROM taken AS t WHERE a.id = t.id AND t.take < t.quantity
)
SELECT shipment_id, order_id, sum(take)::bigint FROM taken GROUP BY 1, 2 ORDER BY 2, 1
