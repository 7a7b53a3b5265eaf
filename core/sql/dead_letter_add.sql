-- Dead letters of one role: role, is it one, row, order, store, error kind, code, text, attempts.
INSERT INTO dead_letter (role, row_id, order_id, store_id, fingerprint, error_kind, error_code, error, attempts)
SELECT $1::text, d.row_id, d.order_id, d.store_id, dead_letter_fingerprint($1::text, d.code, d.error), d.kind, d.code, d.error,
       d.attempts::int
  FROM unnest($2::boolean[], $3::bigint[], $4::bigint[], $5::bigint[], $6::text[], $7::text[], $8::text[], $9::bigint[])
    AS d(is_dead, row_id, order_id, store_id, kind, code, error, attempts)
 WHERE d.is_dead
