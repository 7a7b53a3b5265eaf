-- For `waybill requeue`: rows that wait for a role, dead ones included, are due now; all of them, or these. What a worker holds is left
-- to it. What was suspected of them is forgotten. Returns them.
CREATE FUNCTION work_requeue(role_name text, ids bigint[]) RETURNS SETOF bigint LANGUAGE plpgsql AS $$
DECLARE
  t regclass;
BEGIN
  SELECT tbl INTO t FROM work_role WHERE role = role_name;
  IF t IS NULL THEN
    RAISE EXCEPTION 'role: no rows wait for a role "%"; see `waybill role list`', left(role_name, 60) USING ERRCODE = 'P0001';
  END IF;
  DELETE FROM suspect WHERE role = role_name AND (ids IS NULL OR key = ANY (ids::text[]));
  RETURN QUERY EXECUTE format(
    'UPDATE %s AS t SET due_at = now(), attempt = 0, error = NULL, published_at = NULL, lease = NULL, lease_until = NULL
      WHERE t.id = ANY (ARRAY(SELECT r.id FROM %1$s AS r
                               WHERE r.step = $1 AND ($2 IS NULL OR r.id = ANY ($2)) AND (r.lease_until IS NULL OR r.lease_until <= now())
                               ORDER BY r.id FOR NO KEY UPDATE))
      RETURNING t.id', t)
    USING role_name, ids;
END $$;
