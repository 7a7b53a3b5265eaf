-- What is in shipments, per line: units of the line, grams, and what customs want to know. A unit of a kit counts where
-- its first part goes, so that each unit is counted once however a kit is split. (min(id) would walk the primary key.)
SELECT a.shipment_id, l.source_id, sum(CASE WHEN p.id = k.lead THEN a.upto / p.per_unit - (a.upto - a.quantity) / p.per_unit ELSE 0 END)::bigint AS units,
       CASE WHEN bool_or(i.grams IS NULL AND l.grams = 0) THEN NULL
            ELSE sum(CASE WHEN i.grams IS NOT NULL THEN i.grams * a.quantity
                          WHEN p.id = k.lead THEN ceil(l.grams::numeric * a.quantity / p.per_unit) ELSE 0 END)::bigint END AS grams,
       l.title, min(coalesce(i.customs_title, nullif(i.title, ''), l.title)), min(i.hs_code), min(i.origin_country), l.sku,
       l.unit_price, sum(a.quantity)::bigint AS pieces
  FROM (SELECT x.*, sum(x.quantity) OVER (PARTITION BY x.line_part_id ORDER BY x.id)::bigint AS upto
          FROM allocation AS x
         WHERE x.line_part_id IN (SELECT y.line_part_id FROM allocation AS y WHERE y.shipment_id = ANY ($1::bigint[]))) AS a
  JOIN line_part AS p ON p.id = a.line_part_id
  JOIN order_line AS l ON l.id = p.order_line_id
  JOIN item AS i ON i.id = a.item_id
  JOIN LATERAL (SELECT min(+q.id) AS lead FROM line_part AS q WHERE q.order_line_id = l.id) AS k ON true
 WHERE a.shipment_id = ANY ($1::bigint[])
 GROUP BY a.shipment_id, l.id
 ORDER BY a.shipment_id, l.id
