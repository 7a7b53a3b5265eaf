-- A shipment's label: content type, bytes, or the file that holds them.
SELECT d.content_type, d.bytes, d.path
  FROM label_document AS d JOIN label_purchase AS l ON l.id = d.label_purchase_id JOIN parcel AS p ON p.id = l.parcel_id
 WHERE p.shipment_id = $1::bigint AND l.state = 'bought' ORDER BY l.id DESC LIMIT 1
