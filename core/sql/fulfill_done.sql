-- The store knows of these shipments: ids, lease, the store's ids.
UPDATE shipment AS s SET step = NULL, source_id = coalesce(left(n.source_id, 1000), s.source_id), attempt = 0, error = NULL, lease = NULL, lease_until = NULL
  FROM unnest($1::bigint[], $3::text[]) AS n(id, source_id)
 WHERE s.id = n.id AND s.lease IS NOT DISTINCT FROM $2::text AND s.step IS NOT DISTINCT FROM 'fulfill'
RETURNING s.id, s.order_id
