-- A store that is paused, switched off, or said to have left; and what it asks about personal data.
--
-- Paused: its orders are taken and kept, and each of them that is open is held (kind 'paused'), so that nothing of them is planned, bought
-- or shipped. Switched off (NOT is_active): paused, and nothing is taken from it either.

-- The order and its shipments are locked one after the other, by the triggers of hold, in the global order.
CREATE FUNCTION store_pause(of_store bigint, why text) RETURNS boolean LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
  UPDATE store SET paused_at = now(), paused_reason = why WHERE id = of_store AND paused_at IS NULL;
  IF NOT FOUND THEN
    RETURN false;
  END IF;
  INSERT INTO hold (order_id, kind, reason)
    SELECT o.id, 'paused', 'the store is paused: ' || why FROM orders AS o
     WHERE o.store_id = of_store AND o.state IN ('pending', 'payment_processing', 'paid', 'awaiting_fulfillment', 'partially_fulfilled')
     ORDER BY +o.id -- by id alone it would walk the primary key
  ON CONFLICT DO NOTHING;
  RETURN true;
END $$;

-- All goes on, and the store is compared at once. Returns what is due now.
CREATE FUNCTION store_resume(of_store bigint) RETURNS TABLE (role text, id bigint) LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE
  freed bigint[];
BEGIN
  UPDATE store AS s SET paused_at = NULL, paused_reason = NULL, is_active = true, attempt = 0, error = NULL, published_at = NULL, due_at = now(),
         step = CASE WHEN s.platform <> 'none' THEN 'reconcile' END
   WHERE s.id = of_store AND s.paused_at IS NOT NULL;
  IF NOT FOUND THEN
    RETURN;
  END IF;
  UPDATE credential AS c SET step = 'renew', due_at = now(), attempt = 0, error = NULL, published_at = NULL
   WHERE c.store_id = of_store AND c.kind = 'access_token' AND c.step IS NULL AND c.lease IS NULL
     AND EXISTS (SELECT FROM credential AS x WHERE x.store_id = of_store AND x.kind = 'client_id');
  WITH cleared AS (
    UPDATE hold AS h SET cleared_by = event_actor(), cleared_at = now() FROM orders AS o
     WHERE o.id = h.order_id AND o.store_id = of_store AND h.kind = 'paused' AND h.cleared_at IS NULL
    RETURNING h.order_id)
  SELECT array_agg(c.order_id) INTO freed FROM cleared AS c;
  RETURN QUERY
    SELECT s.step, s.id FROM store AS s WHERE s.id = of_store AND s.step IS NOT NULL
    UNION ALL SELECT o.step, o.id FROM orders AS o WHERE o.id = ANY (freed) AND o.step IS NOT NULL AND NOT o.is_held AND o.due_at <= now()
    UNION ALL SELECT p.step, p.id FROM shipment AS p WHERE p.order_id = ANY (freed) AND p.step IS NOT NULL AND NOT p.is_held AND p.due_at <= now();
END $$;

-- Somebody says that the store has removed us, which no signature proves: it is paused until it has been asked, in a minute. What was
-- said before, word for word, is a repeat. A comparison that is just running loses its lease: what it hears may be older.
CREATE FUNCTION store_uninstalled(of_store bigint, hash bytea) RETURNS boolean LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
  INSERT INTO store_request (store_id, kind, body_hash) VALUES (of_store, 'uninstalled', hash) ON CONFLICT (store_id, kind, body_hash) DO NOTHING;
  IF NOT FOUND THEN
    RETURN false;
  END IF;
  PERFORM store_pause(of_store, 'it is said to have removed the app');
  UPDATE store SET step = 'reconcile', due_at = now() + interval '1 minute', attempt = 0, error = NULL, lease = NULL, lease_until = NULL,
         published_at = NULL
   WHERE id = of_store AND is_active;
  RETURN true;
END $$;

-- It refuses our token: nothing more is taken from it or told to it.
CREATE FUNCTION store_left(of_store bigint) RETURNS void LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
  UPDATE store_request SET done_at = now(), note = 'the store refuses our token' WHERE store_id = of_store AND kind = 'uninstalled' AND done_at IS NULL;
  UPDATE credential SET step = NULL, lease = NULL, lease_until = NULL, error = 'the store has removed the app'
   WHERE store_id = of_store AND kind = 'access_token';
  PERFORM store_pause(of_store, 'it has removed the app');
  UPDATE store SET is_active = false, step = NULL, error = 'the store has removed the app', lease = NULL, lease_until = NULL WHERE id = of_store;
END $$;

-- It takes our token: what was said is not true. A person's pause stays.
CREATE FUNCTION store_stayed(of_store bigint) RETURNS TABLE (role text, id bigint) LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
  UPDATE store_request SET done_at = now(), note = 'not so: the store takes our token' WHERE store_id = of_store AND kind = 'uninstalled' AND done_at IS NULL;
  IF EXISTS (SELECT FROM store AS s WHERE s.id = of_store AND s.paused_reason = 'it is said to have removed the app') THEN
    RETURN QUERY SELECT r.role, r.id FROM store_resume(of_store) AS r;
  END IF;
END $$;
