-- A location that a store does not know any longer: store, our code.
DELETE FROM store_location AS x USING location AS l WHERE l.id = x.location_id AND x.store_id = $1::bigint AND name_key(l.code) = name_key($2::text)
RETURNING l.code AS location, x.source_id AS id
