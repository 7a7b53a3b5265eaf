-- What the former self of this worker (host/unit/machine/) held in a table is free again.
SELECT work_free($1::text::regclass, $2::text)
