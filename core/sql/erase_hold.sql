-- Orders that are to be erased before they are done are held first: request. Nobody knows any longer where they would go.
INSERT INTO hold (order_id, kind, reason)
SELECT o.id, 'erased', 'the personal data were erased, as the store demands; cancel the order, or ask the store where it shall go'
  FROM store_request AS r
  JOIN orders AS o ON o.store_id = r.store_id AND (r.kind = 'shop_redact' OR o.source_id = ANY (r.orders))
 WHERE r.id = $1::bigint AND o.state NOT IN ('fulfilled', 'delivered', 'cancelled', 'refunded')
 ORDER BY +o.id
ON CONFLICT DO NOTHING
