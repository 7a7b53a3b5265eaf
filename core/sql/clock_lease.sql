-- One row if this clock may act for the next seconds: holder, seconds.
UPDATE clock_lease SET holder = $1::text, until = now() + $2::bigint * interval '1 second'
 WHERE id = 1 AND (holder = $1::text OR until <= now()) RETURNING id
