-- Labelled shipments go to the floor: ids, lease. Those of locations that ship by themselves stay for label_ship; if they are held
-- meanwhile they stay due, and come here again when the hold is cleared. Of one that was cancelled meanwhile the label is to be voided.
WITH held AS (
  UPDATE shipment AS s SET lease = NULL, lease_until = NULL, published_at = NULL, error = 'labelled, but held'
    FROM location AS l
   WHERE s.id = ANY ($1::bigint[]) AND s.lease IS NOT DISTINCT FROM $2::text
     AND s.step IS NOT DISTINCT FROM 'label' AND s.is_held AND l.id = s.location_id AND l.auto_ship
), floor AS (
  UPDATE shipment AS s SET state = 'released', step = NULL, attempt = 0, error = NULL, lease = NULL, lease_until = NULL
    FROM location AS l
   WHERE s.id = ANY ($1::bigint[]) AND s.lease IS NOT DISTINCT FROM $2::text AND s.step IS NOT DISTINCT FROM 'label'
     AND s.state IS NOT DISTINCT FROM 'planned' AND l.id = s.location_id AND NOT l.auto_ship
)
UPDATE label_purchase AS l SET state = 'voiding', step = 'void', due_at = now()
 WHERE l.id = ANY (ARRAY(SELECT b.id FROM shipment AS s JOIN parcel AS p ON p.shipment_id = s.id JOIN label_purchase AS b ON b.parcel_id = p.id
                          WHERE s.id = ANY ($1::bigint[]) AND s.state IS NOT DISTINCT FROM 'cancelled' AND b.state IS NOT DISTINCT FROM 'bought'))
