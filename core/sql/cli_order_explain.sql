-- The routing decisions of an order, with SKUs and location codes instead of ids. The shipments a decision made have its time.
SELECT d.id, d.at::text AS at, g.position AS "group", o.currency, d.is_optimal AS optimal, d.nodes, d.detail -> 'value' AS value,
       d.detail -> 'bound' AS bound, coalesce((d.detail -> 'items_left_out')::bigint, 0) AS items_left_out,
       coalesce((d.detail -> 'candidates_left_out')::bigint, 0) AS candidates_left_out,
       (SELECT coalesce(jsonb_agg(jsonb_build_object('sku', i.sku, 'wanted', x.item -> 'wanted', 'shipped_now', x.item -> 'shipped_now', 'where',
                 (SELECT string_agg(a.quantity || ' from ' || coalesce(l.code, '?') || ' in shipment ' || s.id, ', ' ORDER BY s.id)
                    FROM allocation AS a JOIN shipment AS s ON s.id = a.shipment_id LEFT JOIN location AS l ON l.id = s.location_id
                   WHERE a.line_part_id = (x.item ->> 'part')::bigint AND s.created_at = d.at)) ORDER BY x.n), '[]')
          FROM jsonb_array_elements(d.detail -> 'items') WITH ORDINALITY AS x(item, n)
          LEFT JOIN item AS i ON i.id = (x.item ->> 'item')::bigint) AS items,
       (SELECT coalesce(jsonb_agg(x.c || jsonb_build_object('location', l.code)
                                  ORDER BY x.c ->> 'reason' <> 'chosen', x.n), '[]')
          FROM jsonb_array_elements(d.detail -> 'candidates') WITH ORDINALITY AS x(c, n)
          LEFT JOIN location AS l ON l.id = (x.c ->> 'location')::bigint) AS candidates
  FROM routing_decision AS d JOIN orders AS o ON o.id = d.order_id JOIN delivery_group AS g ON g.id = d.delivery_group_id
 WHERE d.order_id = $1::bigint ORDER BY d.id
