-- Mails owed, where Waybill mails the store's customers: order, kind, subject. Once each.
INSERT INTO notice (order_id, kind, subject_id, step)
SELECT n.order_id, n.kind, n.subject_id, 'notify'
  FROM unnest($1::bigint[], $2::text[], $3::bigint[]) AS n(order_id, kind, subject_id)
  JOIN orders AS o ON o.id = n.order_id JOIN store AS s ON s.id = o.store_id AND s.customer_mail = 'waybill'
ON CONFLICT (order_id, kind, subject_id) DO NOTHING
RETURNING id
