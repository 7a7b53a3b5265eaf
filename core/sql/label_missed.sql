-- Purchases that the carrier's lists do not show: ids, their shipments, given up?, lease. A judgement, so only who holds the lease makes it;
-- and not of what the carrier has told us of meanwhile.
UPDATE label_purchase AS l
   SET state = CASE WHEN n.is_lost THEN 'failed' ELSE 'unknown' END, reason = CASE WHEN n.is_lost THEN 'lost' END,
       missed_at = coalesce(l.missed_at, now())
  FROM unnest($1::bigint[], $2::bigint[], $3::boolean[]) AS n(id, shipment_id, is_lost)
  JOIN shipment AS s ON s.id = n.shipment_id AND s.lease IS NOT DISTINCT FROM $4::text
 WHERE l.id = ANY ($1::bigint[]) AND l.id = n.id AND coalesce(l.state, '') IN ('intended', 'unknown') AND l.source_id IS NULL
