-- Newer facts of orders we have. Personal data that the store no longer gives is not wiped here.
-- What was paid does not fall when goods or money go back.
UPDATE orders AS o
   SET name = n.name, is_test = n.is_test, placed_at = to_timestamp(n.placed_us / 1000000.0), payment_status = n.payment_status,
       currency = n.currency, total = n.total, paid = greatest(o.paid, n.paid), refunded = n.refunded, outstanding = n.outstanding,
       shipping = n.shipping, tax = n.tax, discount = n.discount, duties = n.duties, presentment_currency = n.presentment_currency,
       presentment_total = n.presentment_total, presentment_outstanding = n.presentment_outstanding,
       customer_name = coalesce(n.customer_name, o.customer_name), email = coalesce(n.email, o.email),
       phone = coalesce(n.phone, o.phone), locale = coalesce(n.locale, o.locale), note = n.note, details = n.details::jsonb,
       cancelled_at = coalesce(o.cancelled_at, to_timestamp(n.cancelled_us / 1000000.0)),
       cancel_reason = coalesce(n.cancel_reason, o.cancel_reason),
       source_updated_at = to_timestamp(n.updated_us / 1000000.0), source_hash = decode(n.hash, 'hex'), version = o.version + 1
  FROM unnest($1::bigint[], $2::text[], $3::boolean[], $4::bigint[], $5::text[], $6::text[], $7::bigint[], $8::bigint[], $9::bigint[],
              $10::bigint[], $11::bigint[], $12::bigint[], $13::bigint[], $14::bigint[], $15::text[], $16::bigint[], $17::bigint[],
              $18::text[], $19::text[], $20::text[], $21::text[], $22::text[], $23::text[], $24::bigint[], $25::text[], $26::bigint[],
              $27::text[])
    AS n(id, name, is_test, placed_us, payment_status, currency, total, paid, refunded, outstanding, shipping, tax, discount, duties,
         presentment_currency, presentment_total, presentment_outstanding, customer_name, email, phone, locale, note, details,
         cancelled_us, cancel_reason, updated_us, hash)
 WHERE o.id = n.id
