-- The live purchases of parcels, and how many attempts of them were never found at the carrier.
SELECT l.parcel_id, l.id, l.attempt_id::text, l.rate_id, l.state, (extract(epoch FROM now() - l.intended_at))::bigint AS age_s,
       (SELECT count(*) FROM label_purchase AS f WHERE f.parcel_id = l.parcel_id AND f.state = 'failed' AND f.reason = 'lost') AS lost,
       l.source_id, coalesce((extract(epoch FROM now() - l.missed_at))::bigint, -1) AS missed_s
  FROM label_purchase AS l
 WHERE l.parcel_id = ANY ($1::bigint[]) AND l.state IN ('intended', 'unknown', 'bought')
