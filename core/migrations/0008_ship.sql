-- Shipments leave: the one way in which units ship, for label (auto_ship) and for people.
--
-- In one transition: released or picked shipments become shipped; their units ship and leave the stock; the order moves; the
-- store is to be told and the customer mailed. Shipments in another state, or held, stay as they are. Locks in the global
-- order: orders, shipments, items. Returns what is due now.
CREATE FUNCTION shipments_ship(ids bigint[]) RETURNS TABLE (role text, id bigint)
LANGUAGE plpgsql SET search_path = public AS $$
DECLARE
  leaving bigint[];
  moved bigint[];
BEGIN
  PERFORM 1 FROM orders AS o WHERE o.id IN (SELECT s.order_id FROM shipment AS s WHERE s.id = ANY (ids))
    ORDER BY o.id FOR NO KEY UPDATE;
  leaving := ARRAY(SELECT s.id FROM shipment AS s WHERE s.id = ANY (ids) AND coalesce(s.state, '') IN ('released', 'picked') AND NOT s.is_held
                    ORDER BY s.id FOR NO KEY UPDATE);
  UPDATE shipment AS s SET state = 'picked' WHERE s.id = ANY (leaving) AND s.state IS NOT DISTINCT FROM 'released';
  PERFORM 1 FROM item AS i WHERE i.id IN (SELECT a.item_id FROM allocation AS a WHERE a.shipment_id = ANY (leaving))
    ORDER BY i.id FOR NO KEY UPDATE;
  UPDATE allocation AS a SET is_shipped = true WHERE a.shipment_id = ANY (leaving) AND a.is_shipped IS DISTINCT FROM true;
  UPDATE shipment AS s SET state = 'shipped', shipped_at = now(), due_at = now(), attempt = 0, error = NULL, published_at = NULL,
         step = CASE WHEN st.platform = 'none' THEN NULL ELSE 'fulfill' END
    FROM orders AS o JOIN store AS st ON st.id = o.store_id
   WHERE s.id = ANY (leaving) AND o.id = s.order_id;
  moved := ARRAY(SELECT DISTINCT s.order_id FROM shipment AS s WHERE s.id = ANY (leaving));
  PERFORM orders_progress(moved);
  RETURN QUERY
    WITH owed AS (
      INSERT INTO notice (order_id, kind, subject_id, step)
        SELECT s.order_id, 'shipment', s.id, 'notify' FROM shipment AS s JOIN orders AS o ON o.id = s.order_id
          JOIN store AS st ON st.id = o.store_id AND st.customer_mail = 'waybill'
         WHERE s.id = ANY (leaving)
      ON CONFLICT (order_id, kind, subject_id) DO NOTHING RETURNING notice.id
    )
    SELECT 'notify', owed.id FROM owed
    UNION ALL SELECT s.step, s.id FROM shipment AS s WHERE s.id = ANY (leaving) AND coalesce(s.step, '') <> '';
END $$;

-- Orders whose units have moved: where that brings them. Nothing left to ship: fulfilled, or cancelled when all units were.
CREATE FUNCTION orders_progress(ids bigint[]) RETURNS void LANGUAGE sql SET search_path = public AS $$
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
           ELSE false END
$$;
