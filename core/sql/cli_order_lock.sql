-- An order, locked.
SELECT id FROM orders WHERE id = $1::bigint FOR NO KEY UPDATE
