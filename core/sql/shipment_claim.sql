-- Shipments that are due for a role: ids, role, lease, seconds; with what acting needs: the order and its store, where it goes from
-- and to, the box, the carrier, what was rated. The carrier's account: once there is a rate the one that gave it, else the one of the
-- mapped service, else the merchant's first. (ORDER BY id alone would walk the primary key.)
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
SELECT s.id, o.source_id, o.name, st.id, st.platform, st.domain, st.api_base, st.unmapped_service, st.customer_mail,
       tok.id AS credential_id, tok.sealed, sl.source_id AS location_source_id,
       m.brand, l.contact, l.company, l.name, l.address1, l.address2, l.city, l.province_code, l.zip, l.country_code, l.phone, l.email,
       g.name, g.company, g.address1, g.address2, g.city, coalesce(g.province_code, g.province), g.zip, g.country_code,
       coalesce(g.phone, o.phone), o.email, g.service_title,
       l.box_length_mm, l.box_width_mm, l.box_height_mm, l.box_grams, l.auto_ship,
       ca.id AS account_id, ca.carrier, ca.name, ca.api_base, ca.label_format, key.id AS key_id, key.sealed,
       map.service,
       p.id AS parcel_id, p.carrier_shipment_id, p.rate_id, (extract(epoch FROM now() - p.rated_at))::bigint AS rate_age_s,
       p.carrier, p.tracking_number, p.tracking_url, o.currency, s.state, s.order_id, s.attempt
  FROM claimed AS s
  JOIN orders AS o ON o.id = s.order_id
  JOIN merchant AS m ON m.id = s.merchant_id
  JOIN store AS st ON st.id = o.store_id
  JOIN delivery_group AS g ON g.id = s.delivery_group_id
  LEFT JOIN location AS l ON l.id = s.location_id
  LEFT JOIN store_location AS sl ON sl.store_id = st.id AND sl.location_id = s.location_id
  LEFT JOIN credential AS tok ON tok.store_id = st.id AND tok.kind = 'access_token'
  LEFT JOIN service_map AS map ON map.store_id = st.id AND lower(map.title) = lower(g.service_title)
  LEFT JOIN LATERAL (SELECT * FROM parcel WHERE parcel.shipment_id = s.id ORDER BY +parcel.id LIMIT 1) AS p ON true
  LEFT JOIN carrier_account AS ca ON ca.id = coalesce(CASE WHEN s.step <> 'rate' THEN p.carrier_account_id END, map.carrier_account_id,
    (SELECT min(c.id) FROM carrier_account AS c WHERE c.merchant_id = s.merchant_id AND c.is_active))
  LEFT JOIN credential AS key ON key.carrier_account_id = ca.id AND key.kind = 'api_key'
