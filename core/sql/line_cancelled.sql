-- Units of lines that are cancelled from now on: line, how many more. After cancel_units has freed them.
UPDATE order_line AS l SET cancelled = l.cancelled + n.units
  FROM unnest($1::bigint[], $2::bigint[]) AS n(id, units) WHERE l.id = n.id AND n.units > 0
