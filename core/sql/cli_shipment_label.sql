-- A shipment's label: content type, bytes, or the file that holds them (null when there is none), the state of its newest purchase.
SELECT d.content_type, d.bytes, d.path, newest.state
  FROM shipment AS s
  LEFT JOIN LATERAL (SELECT l.state FROM label_purchase AS l JOIN parcel AS p ON p.id = l.parcel_id
                      WHERE p.shipment_id = s.id ORDER BY l.id DESC LIMIT 1) AS newest ON true
  LEFT JOIN LATERAL (SELECT d.* FROM label_document AS d JOIN label_purchase AS l ON l.id = d.label_purchase_id
                       JOIN parcel AS p ON p.id = l.parcel_id
                      WHERE p.shipment_id = s.id AND l.state = 'bought' ORDER BY l.id DESC LIMIT 1) AS d ON true
 WHERE s.id = $1::bigint
