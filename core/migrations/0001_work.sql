-- Work is rows. Every kind of row that a role works on has these columns; tables take them with LIKE.
--
--   step         the role that is due next; NULL: nothing is
--   due_at       not before this; infinity: dead, until somebody says so
--   attempt      failures that count, since the last success
--   lease        who is at it (host/unit/pid/nonce); settle demands it
--   lease_until  from then on anybody may take it
--   published_at when waybill-clock last published it
--   error        why the last attempt did not succeed; NULL after a success
CREATE TABLE work_columns (
  step text CHECK (step IN ('reconcile', 'renew', 'route', 'release', 'rate', 'label', 'fulfill', 'notify',
                            'track', 'handoff', 'inventory', 'void', 'cancel', 'refund', 'erase')),
  due_at timestamptz NOT NULL DEFAULT now(),
  attempt int NOT NULL DEFAULT 0 CHECK (attempt >= 0),
  lease text,
  lease_until timestamptz,
  published_at timestamptz,
  error text CHECK (length(error) <= 500),
  CHECK ((lease IS NULL) = (lease_until IS NULL))
);
COMMENT ON TABLE work_columns IS 'A pattern for LIKE; holds no rows';

-- The settle of jobs that failed: the next attempt at due, counted or not, with the reason.
-- A row whose lease was lost meanwhile is left alone. Returns the ids that were settled.
CREATE FUNCTION work_fail(tbl regclass, ids bigint[], token text, due timestamptz[], counts boolean[], errors text[])
RETURNS SETOF bigint LANGUAGE plpgsql AS $$
BEGIN
  RETURN QUERY EXECUTE format(
    'UPDATE %s AS t SET due_at = f.due, attempt = t.attempt + f.counts::int, error = left(f.error, 500),
            lease = NULL, lease_until = NULL, published_at = NULL
       FROM unnest($1, $2, $3, $4) AS f(id, due, counts, error)
      WHERE t.id = f.id AND t.step IS NOT NULL AND t.lease IS NOT DISTINCT FROM $5
      RETURNING t.id', tbl)
    USING ids, due, counts, errors, token;
END $$;

-- A worker that starts frees what its former self (same host and unit) held.
CREATE FUNCTION work_free(tbl regclass, former text) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
  freed bigint;
BEGIN
  EXECUTE format('UPDATE %s SET lease = NULL, lease_until = NULL, published_at = NULL
                   WHERE step IS NOT NULL AND lease IS NOT NULL AND starts_with(lease, $1)', tbl) USING former;
  GET DIAGNOSTICS freed = ROW_COUNT;
  RETURN freed;
END $$;

-- A claim whose commit was not answered may have leased these rows: they are free again.
CREATE FUNCTION work_unlease(tbl regclass, ids bigint[], holder text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  EXECUTE format('UPDATE %s SET lease = NULL, lease_until = NULL WHERE id = ANY ($1) AND starts_with(lease, $2)', tbl) USING ids, holder;
END $$;

-- For waybill-clock: rows due and untaken, oldest first, marked as published. wait: a row without an error
-- was published when it became due, so it gets that long to be taken.
CREATE FUNCTION work_publish(tbl regclass, role text, wait interval, again interval, most int)
RETURNS SETOF bigint LANGUAGE plpgsql AS $$
BEGIN
  RETURN QUERY EXECUTE format(
    'UPDATE %1$s AS t SET published_at = now()
      WHERE t.id = ANY (ARRAY(
        SELECT d.id FROM %1$s AS d
         WHERE d.step = $1 AND d.due_at <= now()
           AND (d.due_at <= now() - $2 OR d.error IS NOT NULL)
           AND (d.published_at IS NULL OR d.published_at <= now() - $3)
           AND (d.lease_until IS NULL OR d.lease_until <= now())
           AND NOT %2$s
         ORDER BY d.due_at, d.id LIMIT $4 FOR NO KEY UPDATE SKIP LOCKED))
      RETURNING t.id', tbl,
    CASE WHEN tbl IN (to_regclass('orders'), to_regclass('shipment')) THEN 'd.is_held' ELSE 'false' END)
    USING role, wait, again, most;
END $$;

-- Names that people type are the same but for case and blanks (tabs and those that do not break, too): this is what they are compared
-- by, in every look-up and every unique index.
CREATE FUNCTION name_key(name text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT lower(btrim(regexp_replace(name, '[ \t\u00a0]+', ' ', 'g')))
$$;

-- Who acts: what the process says of itself, else the database user.
CREATE FUNCTION event_actor() RETURNS text LANGUAGE sql STABLE AS $$
  SELECT coalesce(nullif(current_setting('waybill.actor', true), ''), 'user:' || session_user)
$$;

-- Refuses UPDATE, DELETE and TRUNCATE where rows are for ever.
CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION '% is append-only: % refused', TG_TABLE_NAME, TG_OP USING ERRCODE = 'P0001';
END $$;
