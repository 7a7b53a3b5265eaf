-- What is known before an order is imported: of the store, and of the order's last version, with a row for each of its lines.
SELECT s.platform, s.domain, o.id, (extract(epoch FROM o.source_updated_at) * 1000000)::bigint AS updated_us, encode(o.source_hash, 'hex') AS hash,
       o.payment_status, o.total, o.cancelled_at IS NOT NULL AS is_cancelled, l.source_id, l.sku, l.ordered - l.cancelled AS units,
       EXISTS (SELECT FROM line_part AS p WHERE p.order_line_id = l.id) AS has_parts
  FROM store AS s
  LEFT JOIN orders AS o ON o.store_id = s.id AND o.source_id = $2::text
  LEFT JOIN order_line AS l ON l.order_id = o.id
 WHERE s.id = $1::bigint ORDER BY l.id
