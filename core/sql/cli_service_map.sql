-- A shipping method of a store is a carrier's service: store, title, the account's name, service.
INSERT INTO service_map (store_id, title, carrier_account_id, service)
SELECT s.id, $2::text, c.id, btrim($4::text) FROM store AS s JOIN carrier_account AS c ON c.merchant_id = s.merchant_id AND name_key(c.name) = name_key($3::text)
 WHERE s.id = $1::bigint
RETURNING title, $3::text AS carrier, service
