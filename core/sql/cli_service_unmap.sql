-- A shipping method that is not mapped any longer: store, title.
DELETE FROM service_map WHERE store_id = $1::bigint AND name_key(title) = name_key($2::text) RETURNING title, service
