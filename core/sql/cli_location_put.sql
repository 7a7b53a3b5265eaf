-- Locations added or changed: merchant, mode, columns. Per row taken: its number, what became of it.
WITH n AS MATERIALIZED (
  SELECT * FROM unnest($3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[], $10::text[],
                       $11::text[], $12::text[], $13::text[], $14::text[], $15::text[], $16::text[], $17::text[], $18::text[],
                       $19::text[], $20::text[], $21::text[], $22::text[], $23::text[], $24::text[], $25::text[], $26::text[],
                       $27::text[], $28::text[], $29::text[], $30::text[])
    WITH ORDINALITY AS n(code, name, kind, company, contact, address1, address2, city, province_code, zip, country_code,
                         phone, email, latitude, longitude, time_zone, priority, shipment_cost, unit_cost, is_active,
                         closed_from, closed_until, auto_ship, buys_label, box_length_mm, box_width_mm, box_height_mm,
                         box_grams, n)
), zone AS MATERIALIZED (
  SELECT name_key(name) AS key, min(name) AS name FROM pg_timezone_names WHERE EXISTS (SELECT FROM n WHERE n.time_zone <> '') GROUP BY 1
), old AS (
  UPDATE location AS l
     SET name = coalesce(nullif(n.name, ''), l.name), kind = coalesce(nullif(n.kind, ''), l.kind),
         company = coalesce(nullif(n.company, ''), l.company), contact = coalesce(nullif(n.contact, ''), l.contact),
         address1 = coalesce(nullif(n.address1, ''), l.address1), address2 = coalesce(nullif(n.address2, ''), l.address2),
         city = coalesce(nullif(n.city, ''), l.city), province_code = coalesce(nullif(n.province_code, ''), l.province_code),
         zip = coalesce(nullif(n.zip, ''), l.zip), country_code = coalesce(nullif(n.country_code, ''), l.country_code),
         phone = coalesce(nullif(n.phone, ''), l.phone), email = coalesce(nullif(n.email, ''), l.email),
         latitude = coalesce(nullif(n.latitude, '')::double precision, l.latitude),
         longitude = coalesce(nullif(n.longitude, '')::double precision, l.longitude),
         time_zone = coalesce((SELECT z.name FROM zone AS z WHERE z.key = name_key(n.time_zone)), nullif(n.time_zone, ''), l.time_zone),
         priority = coalesce(nullif(n.priority, '')::bigint, l.priority),
         shipment_cost = coalesce(nullif(n.shipment_cost, '')::bigint, l.shipment_cost),
         unit_cost = coalesce(nullif(n.unit_cost, '')::bigint, l.unit_cost),
         is_active = coalesce(nullif(n.is_active, '')::boolean, l.is_active),
         closed_from = CASE n.closed_from WHEN '' THEN NULL ELSE coalesce(n.closed_from::date, l.closed_from) END,
         closed_until = CASE n.closed_until WHEN '' THEN NULL ELSE coalesce(n.closed_until::date, l.closed_until) END,
         auto_ship = coalesce(nullif(n.auto_ship, '')::boolean, l.auto_ship),
         buys_label = coalesce(nullif(n.buys_label, '')::boolean, l.buys_label),
         box_length_mm = coalesce(nullif(n.box_length_mm, '')::int, l.box_length_mm),
         box_width_mm = coalesce(nullif(n.box_width_mm, '')::int, l.box_width_mm),
         box_height_mm = coalesce(nullif(n.box_height_mm, '')::int, l.box_height_mm),
         box_grams = coalesce(nullif(n.box_grams, '')::int, l.box_grams)
    FROM n WHERE l.merchant_id = $1::bigint AND name_key(l.code) = name_key(n.code) AND $2::text <> 'add'
  RETURNING n.n, l.id, l.code
), new AS (
  INSERT INTO location (merchant_id, code, name, kind, company, contact, address1, address2, city, province_code, zip, country_code, phone,
                        email, latitude, longitude, time_zone, priority, shipment_cost, unit_cost, is_active, closed_from,
                        closed_until, auto_ship, buys_label, box_length_mm, box_width_mm, box_height_mm, box_grams)
  SELECT $1::bigint, n.code, coalesce(nullif(n.name, ''), n.code), coalesce(nullif(n.kind, ''), 'warehouse'), nullif(n.company, ''),
         nullif(n.contact, ''), coalesce(nullif(n.address1, ''), ''), nullif(n.address2, ''),
         coalesce(nullif(n.city, ''), ''), nullif(n.province_code, ''), nullif(n.zip, ''), nullif(n.country_code, ''),
         nullif(n.phone, ''), nullif(n.email, ''), nullif(n.latitude, '')::double precision,
         nullif(n.longitude, '')::double precision, coalesce((SELECT z.name FROM zone AS z WHERE z.key = name_key(n.time_zone)), nullif(n.time_zone, ''), 'UTC'),
         coalesce(nullif(n.priority, '')::bigint, 100), coalesce(nullif(n.shipment_cost, '')::bigint, 0),
         coalesce(nullif(n.unit_cost, '')::bigint, 0), coalesce(nullif(n.is_active, '')::boolean, true),
         nullif(n.closed_from, '')::date, nullif(n.closed_until, '')::date, coalesce(nullif(n.auto_ship, '')::boolean, false),
         coalesce(nullif(n.buys_label, '')::boolean, true), nullif(n.box_length_mm, '')::int, nullif(n.box_width_mm, '')::int,
         nullif(n.box_height_mm, '')::int, coalesce(nullif(n.box_grams, '')::int, 0)
    FROM n WHERE $2::text <> 'set' AND NOT EXISTS (SELECT 1 FROM location AS l WHERE l.merchant_id = $1::bigint AND name_key(l.code) = name_key(n.code))
   ORDER BY n.n
  RETURNING id, code
)
SELECT old.n AS row, 'changed' AS outcome, old.id, old.code FROM old
UNION ALL SELECT n.n, 'added', new.id, new.code FROM new JOIN n ON n.code = new.code
 ORDER BY 1
