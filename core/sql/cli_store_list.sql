-- All stores.
SELECT s.id, s.platform, s.domain, m.name AS merchant, s.is_active AS active, s.paused_at::timestamptz(0)::text AS paused_at, s.release_on, s.customer_mail,
       s.cursor_at::text AS compared_until, (SELECT count(*) FROM orders AS o WHERE o.store_id = s.id) AS orders, s.error
  FROM store AS s JOIN merchant AS m ON m.id = s.merchant_id ORDER BY m.name, s.domain
