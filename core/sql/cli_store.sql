-- The store of a domain, or of a number; without either, all of them, as far as it takes to see that there are several.
SELECT s.id FROM store AS s WHERE $1::text IS NULL OR s.domain = name_key($1::text) OR s.id::text = name_key($1::text) ORDER BY s.id LIMIT 2
