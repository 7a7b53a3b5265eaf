-- The delivery groups of orders. A group that the customer picks up waits for people, until they clear that hold.
SELECT g.id, g.order_id, g.is_held,
       CASE WHEN g.ship_not_before > now() THEN (extract(epoch FROM g.ship_not_before) * 1000000)::bigint END AS not_before_us,
       g.kind = 'pickup' AND NOT EXISTS (SELECT 1 FROM hold AS h WHERE h.order_id = g.order_id AND h.kind = 'pickup'
                                            AND h.cleared_at IS NOT NULL) AS is_pickup,
       g.name, g.company, g.address1, g.city, g.province, g.province_code, g.zip, g.country_code
  FROM delivery_group AS g WHERE g.order_id = ANY ($1::bigint[]) ORDER BY g.order_id, g.position
