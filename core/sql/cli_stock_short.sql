-- The stock at a shipment's location does not have these units: shipment, item, how many, note.
INSERT INTO stock_move (item_id, location_id, delta, kind, shipment_id, note)
SELECT i.id, s.location_id, -$3::bigint, 'short', s.id, $4::text FROM shipment AS s JOIN item AS i ON i.id = $2::bigint AND i.is_tracked
 WHERE s.id = ANY ($1::bigint[])
