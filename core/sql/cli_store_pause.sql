-- A person pauses a store: id, why. False: it was paused.
SELECT store_pause($1::bigint, $2::text)
