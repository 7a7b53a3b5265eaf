-- Erase the personal data of orders: of a whole store when orders is null. Events hold none, so their chain stays whole.
-- Dead letters that name an order lose their bytes.
WITH named AS (
  SELECT id FROM unnest(string_to_array($2::text, ',')) AS n(id)
), gone AS (
  UPDATE orders SET customer_name = NULL, email = NULL, phone = NULL, note = NULL
   WHERE store_id = $1::bigint AND ($2::text IS NULL OR source_id IN (SELECT id FROM named))
  RETURNING id
), letters AS (
  UPDATE dead_letter SET body = NULL, state = 'discarded', closed_by = event_actor(), closed_at = now(),
         closed_note = 'erased on request'
   WHERE store_id = $1::bigint AND body IS NOT NULL
     AND ($2::text IS NULL OR EXISTS (SELECT 1 FROM named WHERE position(convert_to(named.id, 'UTF8') IN body) > 0))
)
UPDATE delivery_group AS g SET name = NULL, company = NULL, address1 = NULL, address2 = NULL, phone = NULL
  FROM gone WHERE g.order_id = gone.id
