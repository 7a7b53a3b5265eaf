-- Newer facts of lines we have. What a line is of follows until its parts are found, how and where it goes until some of it is planned.
UPDATE order_line AS l
   SET ordered = n.ordered, variant_id = n.variant_id, sku = n.sku, title = n.title, variant_title = n.variant_title,
       unit_price = n.unit_price, unit_price_presentment = n.unit_price_presentment, list_price = n.list_price, total = n.total,
       discount = n.discount, tax = n.tax, duties = n.duties, grams = n.grams, needs_shipping = n.needs_shipping, details = n.details,
       delivery_group_id = n.group_id
  FROM (SELECT u.id, greatest(u.ordered, had.ordered) AS ordered, u.title, u.variant_title, u.unit_price, u.unit_price_presentment,
               u.list_price, u.total, u.discount, u.tax, u.duties, u.grams, u.details::jsonb AS details,
               CASE WHEN p.has_parts THEN had.variant_id ELSE u.variant_id END AS variant_id,
               CASE WHEN p.has_parts THEN had.sku ELSE u.sku END AS sku,
               CASE WHEN p.is_planned THEN had.needs_shipping ELSE u.needs_shipping END AS needs_shipping,
               CASE WHEN p.is_planned THEN had.delivery_group_id ELSE g.id END AS group_id
          FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::text[], $5::text[], $6::text[], $7::text[], $8::bigint[], $9::bigint[],
                      $10::bigint[], $11::bigint[], $12::bigint[], $13::bigint[], $14::bigint[], $15::bigint[], $16::bigint[], $17::boolean[], $18::text[])
            AS u(id, order_id, position, variant_id, sku, title, variant_title, ordered, unit_price, unit_price_presentment, list_price, total,
                 discount, tax, duties, grams, needs_shipping, details)
          JOIN order_line AS had ON had.id = u.id
          JOIN delivery_group AS g ON g.order_id = u.order_id AND g.position = u.position
          CROSS JOIN LATERAL (SELECT count(*) > 0 AS has_parts, coalesce(bool_or(q.allocated + q.shipped + q.backordered > 0), false) AS is_planned
                                FROM line_part AS q WHERE q.order_line_id = u.id) AS p) AS n
 WHERE l.id = n.id
   AND (l.ordered, l.variant_id, l.sku, l.title, l.variant_title, l.unit_price, l.unit_price_presentment, l.list_price, l.total,
        l.discount, l.tax, l.duties, l.grams, l.needs_shipping, l.details, l.delivery_group_id) IS DISTINCT FROM
       (n.ordered, n.variant_id, n.sku, n.title, n.variant_title, n.unit_price, n.unit_price_presentment, n.list_price, n.total,
        n.discount, n.tax, n.duties, n.grams, n.needs_shipping, n.details, n.group_id)
