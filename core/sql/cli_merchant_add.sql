-- A merchant: name, brand.
INSERT INTO merchant (name, brand) VALUES ($1::text, coalesce($2::text, $1::text)) ON CONFLICT (name_key(name)) DO NOTHING RETURNING id, name, brand
