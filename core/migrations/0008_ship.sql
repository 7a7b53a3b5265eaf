-- Shipments leave: the one way in which units ship, for people and for label (auto_ship).
--
-- In one transition shipments become shipped, and with that their units (shipment_moved); the order moves; the store is to be told and
-- the customer mailed. Released or picked shipments leave; planned ones only for whoever holds their lease of label, which has just
-- bought it. Shipments in another state, or held, stay as they are. Locks in the global order: orders, shipments, items. Returns
-- what is due now.
CREATE FUNCTION shipments_ship(ids bigint[], holder text DEFAULT NULL) RETURNS TABLE (role text, id bigint)
LANGUAGE plpgsql SET search_path = public AS $$
DECLARE
  leaving bigint[]; their_orders bigint[]; steps text[]; are_mailed boolean[];
BEGIN
  PERFORM 1 FROM orders AS o WHERE o.id IN (SELECT s.order_id FROM shipment AS s WHERE s.id = ANY (ids))
    ORDER BY o.id FOR NO KEY UPDATE;
  SELECT array_agg(l.id), array_agg(l.order_id), array_agg(l.next), array_agg(l.is_mailed) INTO leaving, their_orders, steps, are_mailed
    FROM (SELECT s.id, s.order_id, CASE WHEN st.platform <> 'none' THEN 'fulfill' END AS next, st.customer_mail = 'waybill' AS is_mailed
            FROM shipment AS s JOIN orders AS o ON o.id = s.order_id JOIN store AS st ON st.id = o.store_id
           WHERE s.id = ANY (ids) AND NOT s.is_held
             AND (coalesce(s.state, '') IN ('released', 'picked')
                  OR s.state IS NOT DISTINCT FROM 'planned' AND s.step IS NOT DISTINCT FROM 'label' AND s.lease = holder)
           ORDER BY s.id FOR NO KEY UPDATE OF s) AS l;
  IF leaving IS NULL THEN
    RETURN;
  END IF;
  UPDATE shipment AS s SET state = 'shipped', shipped_at = now(), step = l.next, due_at = now(), attempt = 0, error = NULL,
         lease = NULL, lease_until = NULL, published_at = NULL
    FROM unnest(leaving, steps) AS l(id, next) WHERE s.id = l.id;
  PERFORM orders_progress(their_orders);
  IF true = ANY (are_mailed) THEN
    RETURN QUERY INSERT INTO notice (order_id, kind, subject_id, step)
      SELECT l.order_id, 'shipment', l.id, 'notify' FROM unnest(leaving, their_orders, are_mailed) AS l(id, order_id, is_mailed) WHERE l.is_mailed
      ON CONFLICT (order_id, kind, subject_id) DO NOTHING RETURNING 'notify', notice.id;
  END IF;
  RETURN QUERY SELECT l.next, l.id FROM unnest(leaving, steps) AS l(id, next) WHERE l.next IS NOT NULL;
END $$;

-- Orders whose units have moved: where that brings them. Nothing left to ship: fulfilled, or cancelled when all units were.
CREATE FUNCTION orders_progress(ids bigint[]) RETURNS void LANGUAGE plpgsql SET search_path = public AS $$
BEGIN
  UPDATE orders AS o
     SET state = CASE WHEN u.units = u.cancelled THEN CASE WHEN o.state = 'partially_fulfilled' THEN 'fulfilled' ELSE 'cancelled' END
                      WHEN u.to_ship = 0 THEN 'fulfilled'
                      ELSE 'partially_fulfilled' END,
         step = CASE WHEN u.to_ship = 0 THEN NULL ELSE o.step END
    FROM (SELECT l.order_id, sum(l.ordered) AS units, sum(l.cancelled) AS cancelled,
                 sum(CASE WHEN l.needs_shipping THEN coalesce(p.to_ship, l.ordered - l.cancelled) ELSE 0 END) AS to_ship,
                 sum(coalesce(p.shipped, 0)) AS shipped
            FROM order_line AS l
            LEFT JOIN LATERAL (SELECT sum(quantity - line_part.cancelled - line_part.shipped) AS to_ship, sum(line_part.shipped) AS shipped
                                 FROM line_part WHERE order_line_id = l.id) AS p ON true
           WHERE l.order_id = ANY (ids) GROUP BY l.order_id) AS u
   WHERE o.id = u.order_id
     AND CASE o.state
           WHEN 'awaiting_fulfillment' THEN u.to_ship = 0 OR u.shipped > 0
           WHEN 'partially_fulfilled' THEN u.to_ship = 0
           WHEN 'pending' THEN u.units = u.cancelled
           WHEN 'payment_processing' THEN u.units = u.cancelled
           WHEN 'paid' THEN u.units = u.cancelled
           ELSE false END;
END $$;
