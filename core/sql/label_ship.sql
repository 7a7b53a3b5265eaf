-- Labelled shipments that nobody has to pick leave: ids, lease. Returns what is due now: role, id.
SELECT role, id FROM shipments_ship(ARRAY(SELECT s.id FROM shipment AS s JOIN location AS l ON l.id = s.location_id AND l.auto_ship
                                           WHERE s.id = ANY ($1::bigint[]) AND s.state IS NOT DISTINCT FROM 'planned'), $2::text)
