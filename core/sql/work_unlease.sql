-- What a claim may have leased whose commit was not answered is free again: table, ids, what the worker's leases begin with.
SELECT work_unlease($1::text::regclass, $2::bigint[], $3::text)
