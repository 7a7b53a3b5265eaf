-- Between whom shipments go: stores, locations, carriers' accounts (0: none); a row for each three of them, in this order.
SELECT n.store_id, n.location_id, n.account_id, st.platform, st.domain, st.api_base, tok.id, tok.sealed, st.unmapped_service, st.customer_mail,
       sl.source_id, m.brand,
       l.address1, l.address2, l.city, l.province_code, l.zip, l.country_code, l.phone, l.email, l.contact, l.company, l.name, l.code,
       l.box_length_mm, l.box_width_mm, l.box_height_mm, l.box_grams, l.auto_ship,
       ca.carrier, ca.name, ca.api_base, key.id, key.sealed, ca.label_format
  FROM unnest($1::bigint[], $2::bigint[], $3::bigint[]) WITH ORDINALITY AS n(store_id, location_id, account_id, nth)
  JOIN store AS st ON st.id = n.store_id
  JOIN merchant AS m ON m.id = st.merchant_id
  LEFT JOIN location AS l ON l.id = n.location_id
  LEFT JOIN store_location AS sl ON sl.store_id = st.id AND sl.location_id = l.id
  LEFT JOIN credential AS tok ON tok.store_id = st.id AND tok.kind = 'access_token'
  LEFT JOIN carrier_account AS ca ON ca.id = n.account_id
  LEFT JOIN credential AS key ON key.carrier_account_id = ca.id AND key.kind = 'api_key'
 ORDER BY n.nth
