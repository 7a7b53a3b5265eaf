-- Units of an item that a shipment does not have: shipment, item, how many. From its newest allocations.
WITH ranked AS MATERIALIZED (
  SELECT a.id, a.quantity, sum(a.quantity) OVER (ORDER BY a.id DESC) - a.quantity AS before FROM allocation AS a
   WHERE a.shipment_id = ANY ($1::bigint[]) AND a.item_id = $2::bigint AND NOT a.is_shipped
), taken AS MATERIALIZED (
  SELECT id, quantity, least(quantity, $3::bigint - before) AS take FROM ranked WHERE before < $3::bigint
), gone AS (
  DELETE FROM allocation WHERE id IN (SELECT id FROM taken WHERE take = quantity)
)
UPDATE allocation AS a SET quantity = a.quantity - t.take FROM taken AS t WHERE a.id = t.id AND t.take < t.quantity
