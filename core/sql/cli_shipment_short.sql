-- Units of an item that a shipment does not have: shipment, item, how many. From its newest lines.
WITH ranked AS MATERIALIZED (
  SELECT a.line_part_id, a.shipment_id, a.quantity, sum(a.quantity) OVER (ORDER BY p.id DESC) - a.quantity AS before
    FROM allocation AS a JOIN line_part AS p ON p.id = a.line_part_id
   WHERE a.shipment_id = ANY ($1::bigint[]) AND p.item_id = $2::bigint
), taken AS MATERIALIZED (
  SELECT line_part_id, shipment_id, quantity, least(quantity, $3::bigint - before) AS take FROM ranked WHERE before < $3::bigint
), gone AS (
  DELETE FROM allocation WHERE (line_part_id, shipment_id) IN (SELECT line_part_id, shipment_id FROM taken WHERE take = quantity)
)
UPDATE allocation AS a SET quantity = a.quantity - t.take FROM taken AS t
 WHERE a.line_part_id = t.line_part_id AND a.shipment_id = t.shipment_id AND t.take < t.quantity
