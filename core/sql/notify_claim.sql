-- Mails that are due: ids, lease, seconds; with everything the templates want (docs/mail-templates.md). No
-- sender: the store does not want Waybill to mail any more.
WITH due AS MATERIALIZED (
  SELECT n.id FROM notice AS n
   WHERE n.id = ANY ($1::bigint[]) AND n.step IS NOT DISTINCT FROM 'notify' AND n.due_at <= now() AND (n.lease_until IS NULL OR n.lease_until <= now())
   ORDER BY n.id FOR NO KEY UPDATE OF n
), claimed AS MATERIALIZED (
  UPDATE notice AS n SET lease = $2::text, lease_until = now() + $3::bigint * interval '1 second'
    FROM due WHERE n.id = due.id
  RETURNING n.id, n.order_id, n.kind, n.subject_id, n.attempt, n.created_at
)
SELECT c.id, c.order_id, c.attempt, c.kind, (extract(epoch FROM c.created_at) * 1000000)::bigint,
       s.mail_from_name, CASE s.customer_mail WHEN 'waybill' THEN s.mail_from_address END, o.customer_name, o.email, s.id AS store_id,
       json_build_object(
         'brand', m.brand,
         'order', json_build_object('name', o.name),
         'customer', json_build_object('name', coalesce(o.customer_name, '')),
         'locale', coalesce(o.locale, ''),
         'city', coalesce((SELECT g.city FROM delivery_group AS g WHERE g.order_id = o.id ORDER BY g.position LIMIT 1), ''),
         'has_rest', EXISTS (SELECT FROM shipment AS t JOIN allocation AS a ON a.shipment_id = t.id WHERE t.order_id = o.id),
         'parcel', (SELECT json_build_object('carrier', coalesce(p.carrier, ''), 'tracking_number', coalesce(p.tracking_number, ''),
                                             'tracking_url', coalesce(p.tracking_url, ''))
                      FROM parcel AS p WHERE c.kind = 'shipment' AND p.shipment_id = c.subject_id ORDER BY +p.id LIMIT 1),
         'lines', CASE c.kind
           WHEN 'shipment' THEN
             (SELECT coalesce(json_agg(json_build_object('title', t.title, 'variant', t.variant, 'quantity', t.n) ORDER BY t.id), '[]')
                FROM (SELECT l.id, l.title, coalesce(l.variant_title, '') AS variant, ceil(max(a.quantity::numeric / p.per_unit))::bigint AS n
                        FROM allocation AS a JOIN line_part AS p ON p.id = a.line_part_id JOIN order_line AS l ON l.id = p.order_line_id
                       WHERE a.shipment_id = c.subject_id GROUP BY l.id) AS t)
           ELSE -- what the plan said: units that wait from now on, or units that need not wait any more
             (SELECT coalesce(json_agg(json_build_object('title', t.title, 'variant', t.variant, 'quantity', t.n, 'promised', t.promised) ORDER BY t.id), '[]')
                FROM (SELECT l.id, l.title, coalesce(l.variant_title, '') AS variant,
                             ceil(max(CASE c.kind WHEN 'backorder' THEN i.waits ELSE i.filled END::numeric / p.per_unit))::bigint AS n,
                             coalesce(max(b.promised)::text, '') AS promised
                        FROM routing_decision AS d
                        CROSS JOIN jsonb_to_recordset(d.detail -> 'items') AS i(part bigint, waits bigint, filled bigint)
                        JOIN line_part AS p ON p.id = i.part JOIN order_line AS l ON l.id = p.order_line_id
                        LEFT JOIN backorder AS b ON b.line_part_id = p.id AND b.state = 'waiting'
                       WHERE d.id = c.subject_id AND CASE c.kind WHEN 'backorder' THEN i.waits ELSE i.filled END > 0
                       GROUP BY l.id) AS t)
         END,
         'to_follow',
           (SELECT coalesce(json_agg(json_build_object('title', t.title, 'variant', t.variant, 'quantity', t.n, 'promised', t.promised) ORDER BY t.id), '[]')
              FROM (SELECT l.id, l.title, coalesce(l.variant_title, '') AS variant, ceil(max(b.quantity::numeric / p.per_unit))::bigint AS n,
                           coalesce(max(b.promised)::text, '') AS promised
                      FROM backorder AS b JOIN line_part AS p ON p.id = b.line_part_id JOIN order_line AS l ON l.id = p.order_line_id
                     WHERE b.order_id = o.id AND b.state = 'waiting' GROUP BY l.id) AS t),
         'other_parcels',
           (SELECT coalesce(json_agg(json_build_object('title', t.title, 'variant', t.variant, 'quantity', t.n) ORDER BY t.id), '[]')
              FROM (SELECT l.id, l.title, coalesce(l.variant_title, '') AS variant, ceil(max(q.n::numeric / q.per_unit))::bigint AS n
                      FROM (SELECT p.order_line_id, p.per_unit, sum(a.quantity) AS n
                              FROM shipment AS t JOIN allocation AS a ON a.shipment_id = t.id JOIN line_part AS p ON p.id = a.line_part_id
                             WHERE t.order_id = o.id AND t.state NOT IN ('shipped', 'delivered') AND t.id <> c.subject_id GROUP BY p.id) AS q
                      JOIN order_line AS l ON l.id = q.order_line_id GROUP BY l.id) AS t)
       )::text
  FROM claimed AS c JOIN orders AS o ON o.id = c.order_id JOIN store AS s ON s.id = o.store_id JOIN merchant AS m ON m.id = o.merchant_id
