-- Shipments whose rate is too old: ids, lease. rate is due.
UPDATE shipment AS s SET step = 'rate', due_at = now(), attempt = 0, error = NULL, lease = NULL, lease_until = NULL, published_at = NULL
 WHERE s.id = ANY ($1::bigint[]) AND s.lease = $2::text AND s.step = 'label' AND s.state = 'planned'
RETURNING s.id
