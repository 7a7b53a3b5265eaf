-- Rated shipments: ids, lease, parcel (null: a new one), account, size, weight, carrier's ids, what it would cost. label is due.
WITH done AS (
  UPDATE shipment AS s SET step = 'label', due_at = now(), attempt = 0, error = NULL, lease = NULL, lease_until = NULL, published_at = NULL
    FROM unnest($1::bigint[], $3::bigint[], $4::bigint[], $5::bigint[], $6::bigint[], $7::bigint[], $8::bigint[], $9::text[],
                $10::text[], $11::bigint[], $12::text[], $13::text[], $14::text[])
      AS n(shipment_id, parcel_id, account_id, length_mm, width_mm, height_mm, grams, carrier_shipment_id, rate_id, amount, currency,
           carrier, service)
   WHERE s.id = n.shipment_id AND s.lease IS NOT DISTINCT FROM $2::text
     AND s.step IS NOT DISTINCT FROM 'rate' AND s.state IS NOT DISTINCT FROM 'planned'
  RETURNING n.*
), again AS (
  UPDATE parcel AS p SET carrier_account_id = r.account_id, length_mm = r.length_mm, width_mm = r.width_mm, height_mm = r.height_mm,
         grams = r.grams, carrier_shipment_id = r.carrier_shipment_id, rate_id = r.rate_id, rate_amount = r.amount,
         rate_currency = r.currency, carrier = r.carrier, service = r.service, rated_at = now()
    FROM done AS r WHERE p.id = r.parcel_id
), fresh AS (
  INSERT INTO parcel (shipment_id, carrier_account_id, length_mm, width_mm, height_mm, grams, carrier_shipment_id, rate_id,
                      rate_amount, rate_currency, carrier, service, rated_at)
  SELECT shipment_id, account_id, length_mm, width_mm, height_mm, grams, carrier_shipment_id, rate_id, amount, currency, carrier,
         service, now() FROM done WHERE parcel_id IS NULL
)
SELECT shipment_id FROM done
