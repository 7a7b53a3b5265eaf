-- What the planner leaves alone: items, locations, quantities.
WITH put AS (
  INSERT INTO stock (item_id, location_id, safety_stock)
  SELECT n.item_id, n.location_id, n.quantity::bigint FROM unnest($1::bigint[], $2::bigint[], $3::text[]) AS n(item_id, location_id, quantity)
  ON CONFLICT (item_id, location_id) DO UPDATE SET safety_stock = excluded.safety_stock
)
UPDATE item AS i SET step = 'release', due_at = now(), attempt = 0, error = NULL, published_at = NULL
 WHERE i.id = ANY ($1::bigint[]) AND EXISTS (SELECT 1 FROM backorder AS b WHERE b.item_id = i.id AND b.state = 'waiting')
