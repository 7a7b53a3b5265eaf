-- Erase the personal data of orders: of a whole store when orders is null. Events hold none, so their chain stays whole.
WITH gone AS (
  UPDATE orders SET customer_name = NULL, email = NULL, phone = NULL, note = NULL
   WHERE store_id = $1::bigint AND ($2::text IS NULL OR source_id = ANY (string_to_array($2::text, ',')))
  RETURNING id
)
UPDATE delivery_group AS g SET name = NULL, company = NULL, address1 = NULL, address2 = NULL, phone = NULL
  FROM gone WHERE g.order_id = gone.id
