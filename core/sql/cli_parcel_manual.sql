-- Parcels of shipments that have no label of ours: shipments, tracking number, carrier.
INSERT INTO parcel (shipment_id, source, tracking_number, carrier)
SELECT s.id, 'manual', $2::text, $3::text FROM shipment AS s
 WHERE s.id = ANY ($1::bigint[])
   AND NOT EXISTS (SELECT 1 FROM parcel AS p JOIN label_purchase AS l ON l.parcel_id = p.id AND l.state = 'bought' WHERE p.shipment_id = s.id)
RETURNING id
