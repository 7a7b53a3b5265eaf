-- Orders lost units that were not there: orders, shipments.
SELECT events_add($1::bigint[], array_fill('short'::text, ARRAY[cardinality($1::bigint[])]), $2::bigint[],
                  notes => array_fill('units were not there; the order is planned again'::text, ARRAY[cardinality($1::bigint[])]))
