-- What became of purchases: id, state, carrier's id, cost, currency, reason.
UPDATE label_purchase AS l
   SET state = n.state, source_id = coalesce(n.source_id, l.source_id), reason = left(n.reason, 500),
       step = CASE WHEN n.state <> 'failed' THEN l.step END,
       cost = coalesce(n.cost, l.cost, (SELECT rate_amount FROM parcel WHERE parcel.id = l.parcel_id)),
       currency = coalesce(n.currency, l.currency, (SELECT rate_currency FROM parcel WHERE parcel.id = l.parcel_id)),
       bought_at = CASE WHEN n.state = 'bought' THEN coalesce(l.bought_at, now()) ELSE l.bought_at END
  FROM unnest($1::bigint[], $2::text[], $3::text[], $4::bigint[], $5::text[], $6::text[]) AS n(id, state, source_id, cost, currency, reason)
 WHERE l.id = n.id AND l.state NOT IN ('failed', 'voiding', 'voided')
