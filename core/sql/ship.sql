-- Shipments leave. Returns what is due now: role, id.
SELECT role, id FROM shipments_ship($1::bigint[])
