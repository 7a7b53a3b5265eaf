-- One shipment, with its units, parcels and holds, and what whoever packs it has to read. Names that begin with _ are apps', not people's.
SELECT s.id, o.name AS "order", s.order_id, l.code AS location, s.origin, s.state, s.is_held AS held, s.step, s.due_at::text AS due_at,
       s.attempt, s.error, s.source_id AS fulfillment, s.created_at::text AS created_at, s.shipped_at::text AS shipped_at, o.note, o.details->>'gift_message' AS gift_message,
       (SELECT coalesce(json_agg(json_build_object('sku', i.sku, 'title', r.title, 'quantity', a.quantity, 'shipped', s.state IN ('shipped', 'delivered'))
                                 ORDER BY p.id), '[]')
          FROM allocation AS a JOIN line_part AS p ON p.id = a.line_part_id JOIN item AS i ON i.id = p.item_id
          JOIN order_line AS r ON r.id = p.order_line_id WHERE a.shipment_id = s.id) AS units,
       (SELECT coalesce(json_agg(json_build_object('sku', r.sku, 'title', r.title, 'name', v.value->>'name', 'value', v.value->>'value') ORDER BY r.id, v.ordinality), '[]')
          FROM order_line AS r, jsonb_array_elements(r.details->'properties') WITH ORDINALITY AS v
         WHERE r.order_id = s.order_id AND NOT starts_with(coalesce(v.value->>'name', ''), '_')
           AND EXISTS (SELECT FROM allocation AS a JOIN line_part AS p ON p.id = a.line_part_id WHERE a.shipment_id = s.id AND p.order_line_id = r.id)) AS properties,
       (SELECT coalesce(json_agg(v.value ORDER BY v.ordinality), '[]') FROM jsonb_array_elements(o.details->'attributes') WITH ORDINALITY AS v
         WHERE NOT starts_with(coalesce(v.value->>'name', ''), '_')) AS attributes,
       (SELECT coalesce(json_agg(json_build_object('id', p.id, 'source', p.source, 'carrier', p.carrier, 'service', p.service, 'tracking_number',
                p.tracking_number, 'grams', p.grams, 'rate', money_text(p.rate_amount, p.rate_currency) || ' ' || p.rate_currency) ORDER BY p.id), '[]')
          FROM parcel AS p WHERE p.shipment_id = s.id) AS parcels,
       (SELECT coalesce(json_agg(json_build_object('parcel', b.parcel_id, 'state', b.state, 'attempt', b.attempt_id, 'cost',
                money_text(b.cost, b.currency) || ' ' || b.currency, 'reason', b.reason) ORDER BY b.id), '[]')
          FROM label_purchase AS b JOIN parcel AS p ON p.id = b.parcel_id WHERE p.shipment_id = s.id) AS labels,
       (SELECT coalesce(json_agg(json_build_object('id', h.id, 'kind', h.kind, 'reason', h.reason, 'set_by', h.set_by, 'set_at', h.set_at) ORDER BY h.id), '[]')
          FROM hold AS h WHERE h.order_id = s.order_id AND h.cleared_at IS NULL AND (h.shipment_id IS NULL OR h.shipment_id = s.id)
           AND (h.delivery_group_id IS NULL OR h.delivery_group_id = s.delivery_group_id)) AS holds
  FROM shipment AS s JOIN orders AS o ON o.id = s.order_id LEFT JOIN location AS l ON l.id = s.location_id WHERE s.id = $1::bigint
