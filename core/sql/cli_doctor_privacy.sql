-- What waits about personal data: erasures and questions, how many, since when, due when; are any late (seconds: of erasures, of questions)?
SELECT count(*) FILTER (WHERE r.step IS NOT NULL) AS erasures, (min(r.received_at) FILTER (WHERE r.step IS NOT NULL))::timestamptz(0)::text,
       (min(r.due_at) FILTER (WHERE r.step IS NOT NULL))::timestamptz(0)::text,
       coalesce(bool_or(r.received_at < now() - $1::bigint * interval '1 second' OR r.due_at = 'infinity') FILTER (WHERE r.step IS NOT NULL), false),
       count(*) FILTER (WHERE r.kind = 'data_request') AS questions, (min(r.received_at) FILTER (WHERE r.kind = 'data_request'))::timestamptz(0)::text,
       coalesce(bool_or(r.received_at < now() - $2::bigint * interval '1 second') FILTER (WHERE r.kind = 'data_request'), false)
  FROM privacy_request AS r WHERE r.done_at IS NULL
