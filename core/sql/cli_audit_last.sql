-- The highest number of an order.
SELECT coalesce(max(id), 0) FROM orders
