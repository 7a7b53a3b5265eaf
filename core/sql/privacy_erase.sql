-- Erase the personal data of the orders of a request: request, those that are not done too? Events hold none, so their chain stays whole.
-- Dead letters that name an order lose their bytes.
WITH asked AS MATERIALIZED (
  SELECT r.store_id, r.orders, r.kind = 'shop_redact' AS is_whole FROM store_request AS r WHERE r.id = $1::bigint
), gone AS (
  UPDATE orders AS o SET customer_name = NULL, email = NULL, phone = NULL, note = NULL, details = NULL
    FROM asked AS r
   WHERE o.store_id = r.store_id AND (r.is_whole OR o.source_id = ANY (r.orders))
     AND ($2::boolean OR o.state IN ('fulfilled', 'delivered', 'cancelled', 'refunded'))
  RETURNING o.id
), lines AS (
  UPDATE order_line AS l SET details = NULL FROM gone WHERE l.order_id = gone.id AND l.details IS NOT NULL
), letters AS (
  UPDATE dead_letter AS d SET body = NULL, state = 'discarded', closed_by = event_actor(), closed_at = now(),
         closed_note = 'erased on request'
    FROM asked AS r
   WHERE d.store_id = r.store_id AND d.body IS NOT NULL
     AND (r.is_whole OR EXISTS (SELECT 1 FROM unnest(r.orders) AS n(id) WHERE position(convert_to(n.id, 'UTF8') IN d.body) > 0))
)
UPDATE delivery_group AS g SET name = NULL, company = NULL, address1 = NULL, address2 = NULL, phone = NULL
  FROM gone WHERE g.order_id = gone.id
