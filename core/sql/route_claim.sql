-- Orders that are due to be planned, locked in the global order until the plan is written.
SELECT o.id, o.attempt, o.store_id, o.merchant_id
  FROM orders AS o
 WHERE o.id = ANY ($1::bigint[]) AND o.step IS NOT DISTINCT FROM 'route' AND o.due_at <= now() AND NOT o.is_held
   AND o.state IN ('paid', 'awaiting_fulfillment', 'partially_fulfilled')
 ORDER BY o.id FOR NO KEY UPDATE OF o
