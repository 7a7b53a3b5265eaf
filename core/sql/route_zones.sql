-- What a shipment to these places costs where it is not the location's usual cost: groups' countries and postal codes.
SELECT DISTINCT ON (n.group_id, z.location_id) n.group_id, z.location_id, z.shipment_cost
  FROM unnest($1::bigint[], $2::text[], $3::text[]) AS n(group_id, country_code, zip)
  JOIN location_zone AS z ON z.country_code = n.country_code AND starts_with(replace(coalesce(name_key(n.zip), ''), ' ', ''), replace(name_key(z.zip_prefix), ' ', ''))
 ORDER BY n.group_id, z.location_id, length(z.zip_prefix) DESC
