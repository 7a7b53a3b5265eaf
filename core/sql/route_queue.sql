-- Everybody who waits for these items, in the order they will be served. Under the items' locks.
SELECT b.item_id, b.order_id, b.quantity FROM backorder AS b
 WHERE b.item_id = ANY ($1::bigint[]) AND b.state = 'waiting' ORDER BY b.item_id, b.since, b.id
