-- All locations.
SELECT l.code, l.name, l.kind, l.city, l.country_code AS country, l.priority, money_text(l.shipment_cost, NULL) AS shipment_cost, money_text(l.unit_cost, NULL) AS unit_cost,
       l.is_active AS active, location_closed(l) IS NULL AS open, l.auto_ship, l.buys_label, coalesce(s.on_hand, 0) AS on_hand,
       l.time_zone, m.name AS merchant, l.id
  FROM location AS l JOIN merchant AS m ON m.id = l.merchant_id
  LEFT JOIN LATERAL (SELECT sum(on_hand)::bigint AS on_hand FROM stock WHERE location_id = l.id) AS s ON true
 ORDER BY m.name, l.code
