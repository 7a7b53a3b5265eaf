-- The merchant of a name; without one, all of them, as far as it takes to see that there are several.
SELECT m.id FROM merchant AS m WHERE $1::text IS NULL OR name_key(m.name) = name_key($1::text) ORDER BY m.id LIMIT 2
