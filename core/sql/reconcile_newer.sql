-- Of the orders a store says have changed, those to read: store, source ids, times, the last sweep's time (microseconds). A store's
-- times are whole seconds, and an order may change again in the second of which we have seen it: what has changed since
-- the last sweep is read once even if its time is known.
SELECT n.source_id
  FROM unnest($2::text[], $3::bigint[]) AS n(source_id, updated_us)
  LEFT JOIN orders AS o ON o.store_id = $1::bigint AND o.source_id = n.source_id
 WHERE o.id IS NULL OR o.source_updated_at < to_timestamp(n.updated_us / 1000000.0)
    OR (o.source_updated_at = to_timestamp(n.updated_us / 1000000.0) AND n.updated_us >= $4::bigint)
