-- A suspect has come to an end in good order: role, key. Old ones go with it: what became of them happened elsewhere.
DELETE FROM suspect WHERE (role = $1::text AND key = $2::text) OR tried_at < now() - interval '1 day'
