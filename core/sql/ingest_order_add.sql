-- Orders seen for the first time.
INSERT INTO orders (id, merchant_id, store_id, source_id, name, state, is_test, placed_at, cancelled_at, payment_status,
  currency, total, paid, refunded, outstanding, presentment_currency, presentment_total, presentment_outstanding,
  customer_name, email, phone, locale, note, source_updated_at, source_hash, step, shipping, tax, discount, duties, cancel_reason, details)
SELECT n.id, n.merchant_id, n.store_id, n.source_id, n.name, n.state, n.is_test, to_timestamp(n.placed_us / 1000000.0),
       to_timestamp(n.cancelled_us / 1000000.0), n.payment_status, n.currency, n.total, n.paid, n.refunded, n.outstanding,
       n.presentment_currency, n.presentment_total, n.presentment_outstanding, n.customer_name, n.email, n.phone, n.locale, n.note,
       to_timestamp(n.updated_us / 1000000.0), decode(n.hash, 'hex'), n.step,
       n.shipping, n.tax, n.discount, n.duties, n.cancel_reason, n.details::jsonb
  FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::text[], $5::text[], $6::text[], $7::boolean[], $8::bigint[],
              $9::bigint[], $10::text[], $11::text[], $12::bigint[], $13::bigint[], $14::bigint[], $15::bigint[], $16::text[],
              $17::bigint[], $18::bigint[], $19::text[], $20::text[], $21::text[], $22::text[], $23::text[], $24::bigint[],
              $25::text[], $26::text[], $27::bigint[], $28::bigint[], $29::bigint[], $30::bigint[], $31::text[], $32::text[])
    AS n(id, merchant_id, store_id, source_id, name, state, is_test, placed_us, cancelled_us, payment_status, currency, total,
         paid, refunded, outstanding, presentment_currency, presentment_total, presentment_outstanding, customer_name, email,
         phone, locale, note, updated_us, hash, step, shipping, tax, discount, duties, cancel_reason, details)
