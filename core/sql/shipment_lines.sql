-- What is in shipments, per line: units of the line, grams, and what customs want to know. A unit of a kit counts where
-- its first part goes, so that each unit is counted once however a kit is split.
SELECT a.shipment_id, l.source_id,
       sum(CASE WHEN a.is_lead THEN (a.before + a.quantity) / a.per_unit - a.before / a.per_unit ELSE 0 END)::bigint AS units,
       CASE WHEN bool_or(i.grams IS NULL AND l.grams = 0) THEN NULL
            ELSE sum(CASE WHEN i.grams IS NOT NULL THEN i.grams * a.quantity
                          WHEN a.is_lead THEN ceil(l.grams::numeric * a.quantity / a.per_unit) ELSE 0 END)::bigint END AS grams,
       l.title, min(coalesce(i.customs_title, nullif(i.title, ''), l.title)), min(i.hs_code), min(i.origin_country), l.sku,
       l.unit_price, sum(a.quantity)::bigint AS pieces
  FROM (SELECT x.shipment_id, x.quantity, p.item_id, p.order_line_id, p.per_unit,
               NOT EXISTS (SELECT FROM line_part AS q WHERE q.order_line_id = p.order_line_id AND q.id < p.id) AS is_lead,
               CASE WHEN p.per_unit = 1 THEN 0 ELSE coalesce((SELECT sum(y.quantity)::bigint FROM allocation AS y
                 WHERE y.line_part_id = x.line_part_id AND y.shipment_id < x.shipment_id), 0) END AS before
          FROM allocation AS x JOIN line_part AS p ON p.id = x.line_part_id
         WHERE x.shipment_id = ANY ($1::bigint[]) OFFSET 0) AS a
  JOIN order_line AS l ON l.id = a.order_line_id
  JOIN item AS i ON i.id = a.item_id
 GROUP BY a.shipment_id, l.id
 ORDER BY a.shipment_id, l.id
