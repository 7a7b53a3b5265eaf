-- A person lets a store go on: what is due now.
SELECT role, id FROM store_resume($1::bigint)
