-- Released shipments are picked.
UPDATE shipment SET state = 'picked' WHERE id = ANY ($1::bigint[]) AND state = 'released'
