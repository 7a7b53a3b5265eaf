-- The same content with a newer time: nothing but the time changes.
UPDATE orders AS o SET source_updated_at = greatest(o.source_updated_at, to_timestamp(n.updated_us / 1000000.0))
  FROM unnest($1::bigint[], $2::bigint[]) AS n(id, updated_us)
 WHERE o.id = n.id AND o.source_updated_at < to_timestamp(n.updated_us / 1000000.0)
