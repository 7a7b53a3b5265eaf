-- Units that wait from now on: order, part, item, quantity. Promised for the day the item is expected.
INSERT INTO backorder (order_id, line_part_id, item_id, quantity, wanted, promised)
SELECT n.order_id, n.part_id, n.item_id, n.quantity, n.quantity, i.restock_on
  FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bigint[]) AS n(order_id, part_id, item_id, quantity)
  JOIN item AS i ON i.id = n.item_id
