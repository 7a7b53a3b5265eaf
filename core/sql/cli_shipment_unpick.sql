-- Picked shipments are on the floor again.
UPDATE shipment SET state = 'released' WHERE id = ANY ($1::bigint[]) AND state = 'picked'
