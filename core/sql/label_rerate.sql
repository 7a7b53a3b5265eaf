-- Shipments whose rate is too old: ids, lease. rate is due.
UPDATE shipment AS s SET step = 'rate', due_at = now(), attempt = 0, error = NULL, lease = NULL, lease_until = NULL, published_at = NULL
 WHERE s.id = ANY ($1::bigint[]) AND s.lease IS NOT DISTINCT FROM $2::text AND s.step IS NOT DISTINCT FROM 'label'
   AND s.state IS NOT DISTINCT FROM 'planned'
RETURNING s.id
