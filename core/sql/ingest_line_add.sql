-- Lines seen for the first time; their parts are found when the order is planned.
INSERT INTO order_line (id, order_id, delivery_group_id, source_id, variant_id, sku, title, variant_title, ordered, cancelled,
  unit_price, unit_price_presentment, list_price, total, discount, tax, duties, grams, needs_shipping, details)
SELECT n.id, n.order_id, g.id, n.source_id, n.variant_id, n.sku, n.title, n.variant_title, n.ordered, n.cancelled,
       n.unit_price, n.unit_price_presentment, n.list_price, n.total, n.discount, n.tax, n.duties, n.grams, n.needs_shipping, n.details::jsonb
  FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::bigint[],
              $10::bigint[], $11::bigint[], $12::bigint[], $13::bigint[], $14::bigint[], $15::bigint[], $16::bigint[], $17::bigint[],
              $18::bigint[], $19::boolean[], $20::text[])
    AS n(id, order_id, position, source_id, variant_id, sku, title, variant_title, ordered, cancelled, unit_price,
         unit_price_presentment, list_price, total, discount, tax, duties, grams, needs_shipping, details)
  JOIN delivery_group AS g ON g.order_id = n.order_id AND g.position = n.position
