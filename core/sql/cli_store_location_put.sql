-- What a store calls a location: store, our code, its id.
INSERT INTO store_location (store_id, location_id, source_id)
SELECT s.id, l.id, $3::text FROM store AS s JOIN location AS l ON l.merchant_id = s.merchant_id AND name_key(l.code) = name_key($2::text) WHERE s.id = $1::bigint
ON CONFLICT (store_id, location_id) DO UPDATE SET source_id = excluded.source_id
RETURNING (SELECT code FROM location WHERE id = location_id) AS location, source_id AS id
