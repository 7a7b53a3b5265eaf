-- Orders that are planned; again at a later time where a group must not ship yet (microseconds; null: done).
UPDATE orders AS o SET step = CASE WHEN n.again_us IS NULL THEN NULL ELSE 'route' END,
       due_at = coalesce(to_timestamp(n.again_us / 1000000.0), o.due_at), attempt = 0, error = NULL, version = o.version + 1,
       state = CASE o.state WHEN 'paid' THEN 'awaiting_fulfillment' ELSE o.state END
  FROM unnest($1::bigint[], $2::bigint[]) AS n(id, again_us) WHERE o.id = n.id
