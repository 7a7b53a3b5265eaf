-- A message that nobody could take, from wb.dead: role, store (null: unknown), kind, code, text, attempts, headers, body.
INSERT INTO dead_letter (role, store_id, fingerprint, error_kind, error_code, error, attempts, headers, body)
SELECT $1::text, (SELECT id FROM store WHERE id = $2::bigint), dead_letter_fingerprint($1::text, $4::text, $5::text), $3::text, $4::text, left($5::text, 500),
       $6::bigint::int, $7::text::jsonb, $8::bytea
