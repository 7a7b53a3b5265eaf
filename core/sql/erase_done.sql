-- A request is done, or looked at again in six hours, while orders of it are not done: request, last, the seconds of erase_claim.
UPDATE store_request AS r
   SET step = CASE WHEN w.n > 0 THEN 'erase' END, done_at = CASE WHEN w.n = 0 THEN now() END, attempt = 0, published_at = NULL,
       due_at = least(now() + interval '6 hours', r.received_at + $3::bigint * interval '1 second'),
       error = CASE WHEN w.n > 0 THEN w.n || ' orders are not done yet' END
  FROM (SELECT count(o.id) AS n FROM store_request AS q
          JOIN orders AS o ON o.store_id = q.store_id AND (q.kind = 'shop_redact' OR o.source_id = ANY (q.orders))
         WHERE q.id = $1::bigint AND NOT $2::boolean AND o.state NOT IN ('fulfilled', 'delivered', 'cancelled', 'refunded')) AS w
 WHERE r.id = $1::bigint
