-- Whose store it is.
SELECT merchant_id FROM store WHERE id = $1::bigint
