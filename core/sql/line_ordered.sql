-- More units of lines: line, ordered now.
UPDATE order_line AS l SET ordered = n.ordered
  FROM unnest($1::bigint[], $2::bigint[]) AS n(id, ordered) WHERE l.id = n.id AND n.ordered > l.ordered
