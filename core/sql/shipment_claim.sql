-- Shipments that are due for a role: ids, role, lease, seconds; with what acting needs: the order, where it goes to, what was rated,
-- and between whom it goes (see shipment_parties). The carrier's account: once there is a rate the one that gave it, else the one of
-- the mapped service, else the merchant's first. (ORDER BY id alone would walk the primary key.)
WITH due AS MATERIALIZED (
  SELECT s.id FROM shipment AS s
   WHERE s.id = ANY ($1::bigint[]) AND s.step IS NOT DISTINCT FROM $2::text AND s.due_at <= now() AND NOT s.is_held
     AND (s.lease_until IS NULL OR s.lease_until <= now())
   ORDER BY s.id FOR NO KEY UPDATE OF s
), claimed AS MATERIALIZED (
  UPDATE shipment AS s SET lease = $3::text, lease_until = now() + $4::bigint * interval '1 second'
    FROM due WHERE s.id = due.id
  RETURNING s.id, s.merchant_id, s.order_id, s.delivery_group_id, s.location_id, s.step, s.state, s.attempt
)
SELECT s.id, s.order_id, s.state, s.attempt, o.source_id, o.name, o.currency,
       g.address1, g.address2, g.city, coalesce(g.province_code, g.province), g.zip, g.country_code, coalesce(g.phone, o.phone), o.email,
       g.name, g.company, g.service_title, map.service,
       p.id AS parcel_id, p.carrier_shipment_id, p.rate_id, (extract(epoch FROM now() - p.rated_at))::bigint AS rate_age_s,
       p.carrier, p.tracking_number, p.tracking_url,
       o.store_id, coalesce(s.location_id, 0),
       coalesce(CASE WHEN s.step <> 'rate' THEN p.carrier_account_id END, map.carrier_account_id,
         (SELECT min(c.id) FROM carrier_account AS c WHERE c.merchant_id = s.merchant_id AND c.is_active), 0)
  FROM claimed AS s
  JOIN orders AS o ON o.id = s.order_id
  JOIN delivery_group AS g ON g.id = s.delivery_group_id
  LEFT JOIN service_map AS map ON map.store_id = o.store_id AND name_key(map.title) = name_key(g.service_title)
  LEFT JOIN LATERAL (SELECT * FROM parcel WHERE parcel.shipment_id = s.id ORDER BY +parcel.id LIMIT 1) AS p ON true
