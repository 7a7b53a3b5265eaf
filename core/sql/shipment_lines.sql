-- What is in shipments, per part of a line: units of the line, and what weighing and customs want to know. A unit of a kit counts
-- where its first part goes, so that each unit is counted once however a kit is split. "before": pieces of the part that are in
-- earlier shipments; of_unit, earlier: pieces of all parts in a unit, and of those before this one; dark: the same of parts whose
-- weight nobody knows here, and what the others weigh (null: this one's is known).
SELECT a.shipment_id, l.source_id,
       CASE WHEN a.earlier = 0 THEN (a.before + a.quantity) / a.per_unit - a.before / a.per_unit ELSE 0 END AS units,
       coalesce(i.customs_title, nullif(i.title, ''), l.title), i.hs_code, i.origin_country, i.sku,
       a.quantity, a.before, a.per_unit, a.of_unit, a.earlier, l.ordered, l.total, l.list_price,
       i.grams, l.grams AS unit_grams, dark.of_unit AS dark_of_unit, dark.earlier AS dark_earlier, dark.others AS others_grams
  FROM (SELECT x.shipment_id, x.quantity, p.id AS part_id, p.item_id, p.order_line_id, p.per_unit, kit.of_unit, kit.earlier,
               CASE WHEN x.quantity = p.quantity THEN 0 ELSE coalesce((SELECT sum(y.quantity)::bigint FROM allocation AS y
                 WHERE y.line_part_id = x.line_part_id AND y.shipment_id < x.shipment_id), 0) END AS before
          FROM allocation AS x JOIN line_part AS p ON p.id = x.line_part_id
          JOIN LATERAL (SELECT sum(q.per_unit) AS of_unit, coalesce(sum(q.per_unit) FILTER (WHERE q.id < p.id), 0) AS earlier
                          FROM line_part AS q WHERE q.order_line_id = p.order_line_id) AS kit ON true
         WHERE x.shipment_id = ANY ($1::bigint[]) OFFSET 0) AS a
  JOIN order_line AS l ON l.id = a.order_line_id
  JOIN item AS i ON i.id = a.item_id
  LEFT JOIN LATERAL (SELECT sum(q.per_unit) FILTER (WHERE j.grams IS NULL) AS of_unit,
                            coalesce(sum(q.per_unit) FILTER (WHERE j.grams IS NULL AND q.id < a.part_id), 0) AS earlier,
                            coalesce(sum(j.grams::bigint * q.per_unit), 0)::bigint AS others
                       FROM line_part AS q JOIN item AS j ON j.id = q.item_id
                      WHERE q.order_line_id = l.id AND i.grams IS NULL) AS dark ON true
 ORDER BY a.shipment_id, l.id, a.part_id
