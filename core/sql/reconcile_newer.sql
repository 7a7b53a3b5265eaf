-- Of the orders a store says have changed, those we have not seen like that: store, source ids, times.
SELECT n.source_id
  FROM unnest($2::text[], $3::bigint[]) AS n(source_id, updated_us)
  LEFT JOIN orders AS o ON o.store_id = $1::bigint AND o.source_id = n.source_id
 WHERE o.id IS NULL OR o.source_updated_at < to_timestamp(n.updated_us / 1000000.0)
