-- Labelled shipments go to the floor: ids, lease. Those of locations that ship by themselves stay for label_ship; if they are held
-- meanwhile they stay due, and come here again when the hold is cleared.
WITH held AS (
  UPDATE shipment AS s SET lease = NULL, lease_until = NULL, published_at = NULL, error = 'labelled, but held'
    FROM location AS l
   WHERE s.id = ANY ($1::bigint[]) AND s.lease IS NOT DISTINCT FROM $2::text
     AND s.step IS NOT DISTINCT FROM 'label' AND s.is_held AND l.id = s.location_id AND l.auto_ship
)
UPDATE shipment AS s SET state = 'released', step = NULL, attempt = 0, error = NULL, lease = NULL, lease_until = NULL
  FROM location AS l
 WHERE s.id = ANY ($1::bigint[]) AND s.lease IS NOT DISTINCT FROM $2::text AND s.step IS NOT DISTINCT FROM 'label'
   AND s.state IS NOT DISTINCT FROM 'planned' AND l.id = s.location_id AND NOT l.auto_ship
