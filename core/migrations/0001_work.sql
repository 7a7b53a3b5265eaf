-- Work is rows. Every kind of row that a role works on has these columns; tables take them with LIKE.
--
--   step         the role that is due next; NULL: nothing is
--   due_at       not before this; infinity: dead, until somebody says so
--   attempt      failures that count, since the last success
--   lease        who is at it (host/unit/machine/nonce/time); settle demands it
--   lease_until  from then on anybody may take it
--   published_at when waybill-clock last published it
--   error        why the last attempt did not succeed; NULL after a success
CREATE TABLE work_columns (
  -- Roles that there are; what waits for one that is not built yet has no step. The migration that brings it adds it here and to
  -- work_role, and makes due what its state says.
  step text CHECK (step IN ('reconcile', 'renew', 'route', 'release', 'rate', 'label', 'fulfill', 'notify', 'erase')),
  due_at timestamptz NOT NULL DEFAULT now(),
  attempt int NOT NULL DEFAULT 0 CHECK (attempt >= 0),
  lease text,
  lease_until timestamptz,
  published_at timestamptz,
  error text CHECK (length(error) <= 500),
  CHECK ((lease IS NULL) = (lease_until IS NULL))
);
COMMENT ON TABLE work_columns IS 'A pattern for LIKE; holds no rows';

-- Jobs whose worker may have died of them (core/runtime/suspect.h): a message came again, or a lease was left behind. They are tried
-- alone, and each try is counted here before it begins, so that the count outlives the worker. What comes to an end leaves the table.
CREATE TABLE suspect (
  role text NOT NULL CHECK (length(role) <= 40),
  key text NOT NULL CHECK (length(key) BETWEEN 1 AND 64), -- the row's id, or the SHA-256 of a message that is the job itself
  is_begun boolean NOT NULL, -- its worker died between its claim and its settle
  tries int NOT NULL CHECK (tries >= 0),
  tried_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (role, key)
);

-- How long a job waits after so many tries: a poison shall not kill one worker after the other, and a series of kills from outside
-- shall not hit the same job each time.
CREATE FUNCTION suspect_pause(tries int) RETURNS interval LANGUAGE sql IMMUTABLE AS $$
  SELECT coalesce((ARRAY['5 s', '30 s', '2 min'])[tries]::interval, '0')
$$;

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

-- For a suspect that must not run again: its row, held without the role's code. Nothing when it is not due, or held by somebody else.
CREATE FUNCTION work_take(tbl regclass, role text, id bigint, token text, OUT attempt int, OUT order_id bigint)
RETURNS SETOF record LANGUAGE plpgsql AS $$
BEGIN
  RETURN QUERY EXECUTE format(
    'UPDATE %s AS t SET lease = $3, lease_until = now() + interval ''1 minute''
      WHERE t.id = $1 AND t.step = $2 AND t.due_at <= now() AND (t.lease_until IS NULL OR t.lease_until <= now())
      RETURNING t.attempt, (SELECT j.order_id FROM due_job AS j WHERE j.kind = %L AND j.id = t.id)', tbl, tbl)
    USING id, role, token;
END $$;

-- A worker that starts frees what its former self (same host, unit and machine, since it booted) held, and suspects it.
CREATE FUNCTION work_free(tbl regclass, former text) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
  freed bigint;
BEGIN
  EXECUTE format('WITH freed AS (
                    UPDATE %s SET lease = NULL, lease_until = NULL, published_at = NULL
                     WHERE step IS NOT NULL AND lease IS NOT NULL AND starts_with(lease, $1) RETURNING id, step)
                  INSERT INTO suspect (role, key, is_begun, tries) SELECT f.step, f.id::text, true, 0 FROM freed AS f ORDER BY f.step, f.id
                  ON CONFLICT (role, key) DO UPDATE SET is_begun = true', tbl) USING former;
  GET DIAGNOSTICS freed = ROW_COUNT;
  RETURN freed;
END $$;

-- A claim whose commit was not answered may have leased these rows: they are free again.
CREATE FUNCTION work_unlease(tbl regclass, ids bigint[], holder text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  EXECUTE format('UPDATE %s SET lease = NULL, lease_until = NULL WHERE id = ANY ($1) AND starts_with(lease, $2)', tbl) USING ids, holder;
END $$;

-- For waybill-clock: rows due and untaken, oldest first, marked as published. wait: a row without an error
-- was published when it became due, so it gets that long to be taken. A lease that has run out makes a suspect.
CREATE FUNCTION work_publish(tbl regclass, role text, wait interval, again interval, most int, OUT id bigint, OUT is_suspect boolean)
RETURNS SETOF record LANGUAGE plpgsql AS $$
BEGIN
  RETURN QUERY EXECUTE format(
    'WITH published AS (
       UPDATE %1$s AS t SET published_at = now()
        WHERE t.id = ANY (ARRAY(
          SELECT d.id FROM %1$s AS d
           WHERE d.step = $1 AND d.due_at <= now()
             AND (d.due_at <= now() - $2 OR d.error IS NOT NULL)
             AND (d.published_at IS NULL OR d.published_at <= now() - $3)
             AND (d.lease_until IS NULL OR d.lease_until <= now())
             AND NOT %2$s
           ORDER BY d.due_at, d.id LIMIT $4 FOR NO KEY UPDATE SKIP LOCKED))
        RETURNING t.id, t.lease
     ), died AS (
       INSERT INTO suspect (role, key, is_begun, tries) SELECT $1, p.id::text, true, 0 FROM published AS p WHERE p.lease IS NOT NULL ORDER BY p.id
       ON CONFLICT (role, key) DO UPDATE SET is_begun = true
     )
     SELECT p.id, p.lease IS NOT NULL OR EXISTS (SELECT FROM suspect AS s WHERE s.role = $1 AND s.key = p.id::text) FROM published AS p', tbl,
    CASE WHEN tbl IN (to_regclass('orders'), to_regclass('shipment')) THEN 'd.is_held' ELSE 'false' END)
    USING role, wait, again, most;
END $$;

-- Names that people type are the same but for case and blanks (tabs and those that do not break, too): this is what they are compared
-- by, in every look-up and every unique index.
CREATE FUNCTION name_key(name text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT lower(btrim(regexp_replace(name, '[ \t\u00a0]+', ' ', 'g')))
$$;

-- Who acts. The login says who it is; a setting, which anybody may set, only says more where the login allows it. The workers' user speaks for
-- workers, stores and customers, and never for people. People have a login of their own, a member of waybill_operator, or share that
-- role; then it is the command line that says who they are, and the name is marked so. (In a function that runs as its
-- owner session_user is still the login.)
CREATE FUNCTION event_actor_asked(told text) RETURNS text LANGUAGE plpgsql STABLE AS $$
BEGIN
  IF told IS NULL OR told = 'user:' || session_user THEN
    RETURN 'user:' || session_user;
  ELSIF told = 'customer' OR starts_with(told, 'worker:') OR starts_with(told, 'store:') THEN
    IF pg_has_role(session_user, 'waybill', 'MEMBER') THEN
      RETURN told;
    END IF;
  ELSIF starts_with(told, 'user:') AND pg_has_role(session_user, 'waybill_operator', 'MEMBER') THEN
    RETURN CASE session_user WHEN 'waybill_operator' THEN told || ' (cli)' ELSE 'user:' || session_user END;
  END IF;
  RAISE EXCEPTION '"%" may not act as "%"; people act through the role waybill_operator (database.operator_url_file)', session_user, left(told, 100)
    USING ERRCODE = 'insufficient_privilege';
END $$;

-- The same for each row that is signed: what the workers' own login says as a worker is taken without asking further.
CREATE FUNCTION event_actor(told text DEFAULT nullif(current_setting('waybill.actor', true), '')) RETURNS text LANGUAGE sql STABLE AS $$
  SELECT CASE WHEN session_user = 'waybill' AND starts_with(told, 'worker:') THEN told ELSE event_actor_asked(told) END
$$;

-- Columns that say who did it (the trigger's arguments) say who acts, whatever the statement says.
CREATE FUNCTION signed() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE
  col text; says text; said text;
BEGIN
  FOREACH col IN ARRAY TG_ARGV LOOP
    EXECUTE format('SELECT ($1).%I', col) INTO says USING NEW;
    IF TG_OP = 'UPDATE' THEN
      EXECUTE format('SELECT ($1).%I', col) INTO said USING OLD;
    END IF;
    IF says IS DISTINCT FROM said AND says IS NOT NULL THEN
      NEW := jsonb_populate_record(NEW, jsonb_build_object(col, event_actor()));
    END IF;
  END LOOP;
  RETURN NEW;
END $$;

-- Refuses UPDATE, DELETE and TRUNCATE where rows are for ever.
CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION '% is append-only: % refused', TG_TABLE_NAME, TG_OP USING ERRCODE = 'P0001';
END $$;
