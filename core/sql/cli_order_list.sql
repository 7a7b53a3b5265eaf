-- Orders, the newest first: state, only held ones, store, at most so many.
SELECT o.id, o.name, s.domain AS store, o.state, o.payment_status AS payment, o.is_held OR h.n > 0 AS held, o.step,
       (SELECT count(*) FROM shipment AS p WHERE p.order_id = o.id AND p.state <> 'cancelled') AS shipments,
       coalesce((SELECT sum(b.quantity)::bigint FROM backorder AS b WHERE b.order_id = o.id AND b.state = 'waiting'), 0) AS backordered,
       o.placed_at::text AS placed_at, h.reason AS hold, o.error
  FROM orders AS o JOIN store AS s ON s.id = o.store_id
  LEFT JOIN LATERAL (SELECT count(*) AS n, min(h.kind || ': ' || h.reason) AS reason FROM hold AS h
                      WHERE h.order_id = o.id AND h.cleared_at IS NULL) AS h ON true
 WHERE ($1::text IS NULL OR o.state = $1::text) AND ($2::text IS NULL OR h.n > 0) AND ($3::bigint IS NULL OR o.store_id = $3::bigint)
 ORDER BY o.id DESC LIMIT $4::bigint
