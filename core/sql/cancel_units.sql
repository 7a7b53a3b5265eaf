-- Cancel units of lines: line, how many more, of units that are not fixed (see ingest_lines). Taken from units nobody has planned,
-- then from those that wait, then from planned and released shipments, newest first. Returns the shipments that lost units.
WITH want AS MATERIALIZED (
  SELECT p.id AS part, p.order_line_id, p.per_unit * n.units AS units,
         p.quantity - p.cancelled - p.allocated - p.shipped - p.backordered AS open, p.backordered
    FROM unnest($1::bigint[], $2::bigint[]) AS n(line, units) JOIN line_part AS p ON p.order_line_id = n.line
), waiting AS (
  UPDATE backorder AS b SET quantity = b.quantity - t.take,
         state = CASE WHEN b.quantity = t.take THEN 'cancelled' ELSE 'waiting' END,
         closed_at = CASE WHEN b.quantity = t.take THEN now() END
    FROM (SELECT part, least(greatest(units - open, 0), backordered) AS take FROM want) AS t
   WHERE b.line_part_id = t.part AND b.state = 'waiting' AND t.take > 0
), rest AS MATERIALIZED (
  SELECT part, greatest(units - open - backordered, 0) AS units FROM want
), ranked AS MATERIALIZED (
  SELECT a.line_part_id, a.shipment_id, a.quantity, r.units,
         sum(a.quantity) OVER (PARTITION BY a.line_part_id ORDER BY s.state = 'planned' DESC, s.id DESC) - a.quantity AS before
    FROM rest AS r JOIN allocation AS a ON a.line_part_id = r.part
    JOIN shipment AS s ON s.id = a.shipment_id AND coalesce(s.state, '') IN ('planned', 'released')
   WHERE r.units > 0
), taken AS MATERIALIZED (
  SELECT line_part_id, shipment_id, quantity, least(quantity, units - before) AS take FROM ranked WHERE before < units
), gone AS (
  DELETE FROM allocation WHERE (line_part_id, shipment_id) IN (SELECT line_part_id, shipment_id FROM taken WHERE take = quantity)
), fewer AS (
  UPDATE allocation AS a SET quantity = a.quantity - t.take FROM taken AS t
   WHERE a.line_part_id = t.line_part_id AND a.shipment_id = t.shipment_id AND t.take < t.quantity
)
SELECT DISTINCT shipment_id FROM taken ORDER BY 1
