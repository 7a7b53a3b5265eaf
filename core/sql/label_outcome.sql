-- What became of purchases: ids, states (unknown, bought, failed), carrier's ids, costs, currencies, reasons. Facts, whoever tells them
-- and however late: no lease is asked for. They add to what is known and take nothing away. What was bought although
-- its shipment is cancelled, or after it was given up, is to be given back.
UPDATE label_purchase AS l
   SET state = CASE WHEN n.state = 'bought' AND (l.state = 'failed' OR s.state IS NOT DISTINCT FROM 'cancelled') THEN 'voiding' ELSE n.state END,
       source_id = coalesce(l.source_id, CASE WHEN length(n.source_id) <= 200 THEN n.source_id END),
       reason = coalesce(left(n.reason, 500), l.reason),
       cost = coalesce(l.cost, n.cost, (SELECT rate_amount FROM parcel WHERE parcel.id = l.parcel_id)),
       currency = coalesce(l.currency, n.currency, (SELECT rate_currency FROM parcel WHERE parcel.id = l.parcel_id)),
       bought_at = CASE WHEN n.state = 'bought' THEN coalesce(l.bought_at, now()) ELSE l.bought_at END
  FROM unnest($1::bigint[], $2::text[], $3::text[], $4::bigint[], $5::text[], $6::text[]) AS n(id, state, source_id, cost, currency, reason),
       parcel AS p, shipment AS s
 WHERE l.id = n.id AND p.id = l.parcel_id AND s.id = p.shipment_id
   AND (l.state IN ('intended', 'unknown') OR n.state = 'bought' AND l.state IN ('bought', 'failed'))
