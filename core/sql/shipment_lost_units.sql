-- Shipments that lost units: the empty ones are cancelled, and what was bought for them is to be given back; planned ones are rated anew.
WITH empty AS (
  UPDATE shipment AS s SET state = 'cancelled', step = NULL, error = NULL, lease = NULL, lease_until = NULL
   WHERE s.id = ANY ($1::bigint[]) AND coalesce(s.state, '') IN ('planned', 'released')
     AND NOT EXISTS (SELECT 1 FROM allocation AS a WHERE a.shipment_id = s.id)
  RETURNING s.id
), void AS (
  UPDATE label_purchase AS l SET state = 'voiding'
    FROM parcel AS p JOIN empty ON empty.id = p.shipment_id
   WHERE l.parcel_id = p.id AND l.state IS NOT DISTINCT FROM 'bought'
)
UPDATE shipment AS s SET step = 'rate', due_at = now(), attempt = 0, error = NULL, published_at = NULL
 WHERE s.id = ANY ($1::bigint[]) AND s.state IS NOT DISTINCT FROM 'planned' AND coalesce(s.step, '') IN ('rate', 'label') AND s.lease IS NULL
   AND NOT EXISTS (SELECT 1 FROM label_purchase AS l JOIN parcel AS p ON p.id = l.parcel_id
                    WHERE p.shipment_id = s.id AND l.state IN ('intended', 'unknown', 'bought'))
   AND EXISTS (SELECT 1 FROM allocation AS a WHERE a.shipment_id = s.id)
RETURNING s.id
