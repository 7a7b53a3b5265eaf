-- The settle of failed jobs: table, ids, lease, due (microseconds; null: never), counts, errors.
SELECT work_fail($1::text::regclass, $2::bigint[], $3::text,
  ARRAY(SELECT coalesce(to_timestamp(u.us / 1000000.0), 'infinity')
          FROM unnest($4::bigint[]) WITH ORDINALITY AS u(us, n) ORDER BY u.n),
  $5::boolean[], $6::text[])
