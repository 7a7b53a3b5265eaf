-- Shipments, the newest first: state, location, at most so many.
SELECT s.id, o.name AS "order", l.code AS location, s.state, s.is_held AS held, s.step,
       (SELECT sum(a.quantity)::bigint FROM allocation AS a WHERE a.shipment_id = s.id) AS units,
       p.carrier, p.tracking_number, s.created_at::text AS created_at, s.error
  FROM shipment AS s JOIN orders AS o ON o.id = s.order_id LEFT JOIN location AS l ON l.id = s.location_id
  LEFT JOIN LATERAL (SELECT * FROM parcel WHERE parcel.shipment_id = s.id ORDER BY parcel.id DESC LIMIT 1) AS p ON true
 WHERE ($1::text IS NULL OR s.state = $1::text) AND ($2::text IS NULL OR name_key(l.code) = name_key($2::text))
 ORDER BY s.id DESC LIMIT $3::bigint
