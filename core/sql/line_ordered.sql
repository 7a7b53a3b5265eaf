-- More units of lines, or another price of all of them: line, ordered now, total now.
UPDATE order_line AS l SET ordered = n.ordered, total = n.total
  FROM unnest($1::bigint[], $2::bigint[], $3::bigint[]) AS n(id, ordered, total) WHERE l.id = n.id AND n.ordered >= l.ordered
