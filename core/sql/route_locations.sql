-- The merchants' locations.
SELECT l.id, l.merchant_id, l.kind, l.priority, l.shipment_cost, l.unit_cost, l.buys_label,
       location_closed(l)
  FROM location AS l WHERE l.merchant_id = ANY ($1::bigint[]) ORDER BY l.merchant_id, l.id
