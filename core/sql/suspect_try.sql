-- A suspect is tried once more: role, key. Returns how often it was tried, this time included; whether its worker died after its claim;
-- and the microseconds it has to wait first (then it is not counted).
INSERT INTO suspect AS s (role, key, is_begun, tries) VALUES ($1::text, $2::text, false, 1)
ON CONFLICT (role, key) DO UPDATE
   SET tries = s.tries + (s.tried_at + suspect_pause(s.tries) <= now())::int,
       tried_at = CASE WHEN s.tried_at + suspect_pause(s.tries) <= now() THEN now() ELSE s.tried_at END
RETURNING tries::bigint, is_begun,
          CASE WHEN tried_at = now() THEN 0 ELSE (extract(epoch FROM tried_at + suspect_pause(tries) - now()) * 1000000)::bigint END
