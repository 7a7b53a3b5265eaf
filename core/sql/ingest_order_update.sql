-- Newer facts of orders we have. Personal data that the store no longer gives is not wiped here.
UPDATE orders AS o
   SET name = n.name, payment_status = n.payment_status, total = n.total, paid = n.paid, refunded = n.refunded,
       outstanding = n.outstanding, presentment_total = n.presentment_total,
       presentment_outstanding = n.presentment_outstanding, customer_name = coalesce(n.customer_name, o.customer_name),
       email = coalesce(n.email, o.email), phone = coalesce(n.phone, o.phone), note = n.note,
       cancelled_at = coalesce(o.cancelled_at, to_timestamp(n.cancelled_us / 1000000.0)),
       source_updated_at = to_timestamp(n.updated_us / 1000000.0), source_hash = decode(n.hash, 'hex'), version = o.version + 1
  FROM unnest($1::bigint[], $2::text[], $3::text[], $4::bigint[], $5::bigint[], $6::bigint[], $7::bigint[], $8::bigint[],
              $9::bigint[], $10::text[], $11::text[], $12::text[], $13::text[], $14::bigint[], $15::bigint[], $16::text[])
    AS n(id, name, payment_status, total, paid, refunded, outstanding, presentment_total, presentment_outstanding,
         customer_name, email, phone, note, cancelled_us, updated_us, hash)
 WHERE o.id = n.id
