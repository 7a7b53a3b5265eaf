-- Dead letters of one role: role, rows, orders, stores, error kinds, codes, texts, attempts.
INSERT INTO dead_letter (role, row_id, order_id, store_id, fingerprint, error_kind, error_code, error, attempts)
SELECT $1::text, d.row_id, d.order_id, d.store_id, dead_letter_fingerprint($1::text, d.code, d.error), d.kind, d.code, d.error,
       d.attempts::int
  FROM unnest($2::bigint[], $3::bigint[], $4::bigint[], $5::text[], $6::text[], $7::text[], $8::bigint[])
    AS d(row_id, order_id, store_id, kind, code, error, attempts)
