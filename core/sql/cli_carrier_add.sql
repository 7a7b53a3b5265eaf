-- An account at a carrier: merchant, carrier, name, API, label format.
INSERT INTO carrier_account (merchant_id, carrier, name, api_base, label_format)
VALUES ($1::bigint, $2::text, $3::text, $4::text, coalesce($5::text, 'PDF_4x6'))
ON CONFLICT (merchant_id, name_key(name)) DO NOTHING
RETURNING id, carrier, name, api_base, label_format
