-- One order, with all that hangs on it.
SELECT o.id, o.name, s.domain AS store, o.source_id, o.state, o.is_held AS held, o.is_test AS test, o.payment_status AS payment, o.currency,
       money_text(o.total, o.currency) AS total, money_text(o.paid, o.currency) AS paid, money_text(o.refunded, o.currency) AS refunded,
       money_text(o.outstanding, o.currency) AS outstanding,
       money_text(o.shipping, o.currency) AS shipping, money_text(o.tax, o.currency) AS tax, money_text(o.discount, o.currency) AS discount,
       money_text(o.duties, o.currency) AS duties, o.note, o.details->>'gift_message' AS gift_message, o.placed_at::text AS placed_at, o.received_at::text AS received_at,
       o.cancelled_at::text AS cancelled_at, o.cancel_reason, o.step, o.due_at::text AS due_at, o.attempt, o.error,
       (SELECT coalesce(json_agg(json_build_object('group', g.position, 'kind', g.kind, 'service', g.service_title, 'city', g.city,
                                                   'country', g.country_code, 'not_before', g.ship_not_before, 'held', g.is_held)
                                 ORDER BY g.position), '[]')
          FROM delivery_group AS g WHERE g.order_id = o.id) AS groups,
       (SELECT coalesce(json_agg(json_build_object('line', l.id, 'sku', l.sku, 'title', l.title, 'ordered', l.ordered, 'cancelled', l.cancelled,
                                                   'ships', l.needs_shipping, 'price', money_text(l.unit_price, o.currency), 'discount', money_text(l.discount, o.currency),
                                                   'tax', money_text(l.tax, o.currency), 'duties', money_text(l.duties, o.currency)) ORDER BY l.id), '[]')
          FROM order_line AS l WHERE l.order_id = o.id) AS lines,
       (SELECT coalesce(json_agg(json_build_object('line', l.id, 'name', p.value->>'name', 'value', p.value->>'value') ORDER BY l.id, p.ordinality), '[]')
          FROM order_line AS l, jsonb_array_elements(l.details->'properties') WITH ORDINALITY AS p WHERE l.order_id = o.id) AS properties,
       coalesce(o.details->'attributes', '[]') AS attributes, coalesce(o.details->'tags', '[]') AS tags,
       (SELECT sum((d.details->>'left_out')::int) FROM (SELECT o.details UNION ALL SELECT l.details FROM order_line AS l WHERE l.order_id = o.id) AS d) AS left_out,
       (SELECT coalesce(json_agg(json_build_object('line', p.order_line_id, 'item', i.sku, 'units', p.quantity, 'cancelled', p.cancelled,
                'open', p.quantity - p.cancelled - p.allocated - p.shipped - p.backordered, 'allocated', p.allocated,
                'shipped', p.shipped, 'backordered', p.backordered, 'where',
                (SELECT string_agg(a.quantity || ' ' || coalesce(w.code, '?') || ' in ' || s.id, ', ' ORDER BY s.id)
                   FROM allocation AS a JOIN shipment AS s ON s.id = a.shipment_id LEFT JOIN location AS w ON w.id = s.location_id WHERE a.line_part_id = p.id)) ORDER BY p.id), '[]')
          FROM line_part AS p JOIN item AS i ON i.id = p.item_id WHERE p.order_id = o.id) AS parts,
       (SELECT coalesce(json_agg(json_build_object('id', p.id, 'state', p.state, 'location', w.code, 'held', p.is_held, 'step', p.step,
                'units', (SELECT sum(quantity) FROM allocation AS a WHERE a.shipment_id = p.id),
                'carrier', c.carrier, 'tracking_number', c.tracking_number, 'error', p.error) ORDER BY p.id), '[]')
          FROM shipment AS p LEFT JOIN location AS w ON w.id = p.location_id
          LEFT JOIN LATERAL (SELECT * FROM parcel WHERE parcel.shipment_id = p.id ORDER BY parcel.id DESC LIMIT 1) AS c ON true
         WHERE p.order_id = o.id) AS shipments,
       (SELECT coalesce(json_agg(json_build_object('id', h.id, 'kind', h.kind, 'on', CASE WHEN h.shipment_id IS NOT NULL THEN 'shipment ' || h.shipment_id
                WHEN h.delivery_group_id IS NOT NULL THEN 'group' ELSE 'order' END, 'reason', h.reason, 'set_by', h.set_by, 'set_at', h.set_at,
                'cleared_by', h.cleared_by) ORDER BY h.id), '[]')
          FROM hold AS h WHERE h.order_id = o.id) AS holds,
       (SELECT coalesce(json_agg(json_build_object('item', i.sku, 'waiting', b.quantity, 'wanted', b.wanted, 'since', b.since,
                'promised', b.promised, 'state', b.state) ORDER BY b.id), '[]')
          FROM backorder AS b JOIN item AS i ON i.id = b.item_id WHERE b.order_id = o.id) AS backorders,
       (SELECT coalesce(json_agg(json_build_object('kind', n.kind, 'outcome', n.outcome, 'sent_at', n.sent_at, 'error', n.error) ORDER BY n.id), '[]')
          FROM notice AS n WHERE n.order_id = o.id) AS mails
  FROM orders AS o JOIN store AS s ON s.id = o.store_id WHERE o.id = $1::bigint
