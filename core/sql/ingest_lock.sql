-- The orders we know already, locked in the global order. Stores, source ids.
SELECT o.id, o.store_id, o.source_id, o.state, (extract(epoch FROM o.source_updated_at) * 1000000)::bigint AS updated_us,
       o.source_hash, o.cancelled_at IS NOT NULL AS is_cancelled, o.step
  FROM orders AS o
 WHERE (o.store_id, o.source_id) IN (SELECT k.store_id, k.source_id FROM unnest($1::bigint[], $2::text[]) AS k(store_id, source_id))
 ORDER BY o.id FOR NO KEY UPDATE OF o
