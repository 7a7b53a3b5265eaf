-- Orders whose units have moved: where that brings them.
SELECT orders_progress($1::bigint[])
