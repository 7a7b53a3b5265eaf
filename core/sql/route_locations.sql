-- The merchants' locations.
SELECT l.id, l.merchant_id, l.kind, l.priority, l.shipment_cost, l.unit_cost, l.buys_label,
       CASE WHEN NOT l.is_active THEN 'not active' WHEN NOT location_is_open(l) THEN 'closed until ' || coalesce(l.closed_until::text, 'further notice') END
  FROM location AS l WHERE l.merchant_id = ANY ($1::bigint[]) ORDER BY l.merchant_id, l.id
