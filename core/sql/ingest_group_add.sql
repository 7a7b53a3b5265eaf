-- Delivery groups of orders, or the store's newer view of those we have.
INSERT INTO delivery_group (id, order_id, position, kind, name, company, address1, address2, city, province, province_code,
  zip, country_code, phone, service_title, service_code, ship_not_before)
SELECT n.id, n.order_id, n.position, n.kind, n.name, n.company, n.address1, n.address2, n.city, n.province, n.province_code,
       n.zip, n.country_code, n.phone, n.service_title, n.service_code, to_timestamp(n.not_before_us / 1000000.0)
  FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[],
              $10::text[], $11::text[], $12::text[], $13::text[], $14::text[], $15::text[], $16::text[], $17::bigint[])
    AS n(id, order_id, position, kind, name, company, address1, address2, city, province, province_code, zip, country_code,
         phone, service_title, service_code, not_before_us)
ON CONFLICT (order_id, position) DO UPDATE
  SET kind = excluded.kind, name = excluded.name, company = excluded.company, address1 = excluded.address1,
      address2 = excluded.address2, city = excluded.city, province = excluded.province, province_code = excluded.province_code,
      zip = excluded.zip, country_code = excluded.country_code, phone = excluded.phone, service_title = excluded.service_title,
      service_code = excluded.service_code, ship_not_before = excluded.ship_not_before
