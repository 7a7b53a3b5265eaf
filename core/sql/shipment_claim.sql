-- Shipments that are due for a role: ids, role, lease, seconds.
WITH due AS MATERIALIZED (
  SELECT s.id FROM shipment AS s
   WHERE s.id = ANY ($1::bigint[]) AND s.step IS NOT DISTINCT FROM $2::text AND s.due_at <= now() AND NOT s.is_held
     AND (s.lease_until IS NULL OR s.lease_until <= now())
   ORDER BY s.id FOR NO KEY UPDATE OF s
)
UPDATE shipment AS s SET lease = $3::text, lease_until = now() + $4::bigint * interval '1 second'
  FROM due WHERE s.id = due.id
RETURNING s.id, s.order_id, s.attempt
