-- What lines consist of: line, item, per unit.
INSERT INTO line_part (order_id, order_line_id, item_id, per_unit, quantity, cancelled)
SELECT l.order_id, l.id, n.item_id, n.per_unit::int, n.per_unit * l.ordered, n.per_unit * l.cancelled
  FROM unnest($1::bigint[], $2::bigint[], $3::bigint[]) AS n(line_id, item_id, per_unit) JOIN order_line AS l ON l.id = n.line_id
