-- Intents to buy, committed before the request: parcel, account, attempt, rate. A parcel with a live purchase gets none.
INSERT INTO label_purchase (parcel_id, carrier_account_id, attempt_id, rate_id)
SELECT n.parcel_id, n.account_id, n.attempt_id::uuid, n.rate_id
  FROM unnest($1::bigint[], $2::bigint[], $3::text[], $4::text[]) AS n(parcel_id, account_id, attempt_id, rate_id)
ON CONFLICT DO NOTHING
