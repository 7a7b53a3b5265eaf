-- Shipments, locked, and what speaks against doing something with them: ids, states (comma-separated). id, problem, is it there.
WITH s AS MATERIALIZED (
  SELECT id, state, is_held, order_id, delivery_group_id FROM shipment WHERE id = ANY ($1::bigint[]) ORDER BY id FOR NO KEY UPDATE
)
SELECT n.id, CASE WHEN s.id IS NULL THEN 'does not exist'
                  WHEN s.is_held THEN 'is held: ' || coalesce((SELECT h.kind || ', ' || left(h.reason, 120) FROM hold AS h
                    WHERE h.order_id = s.order_id AND h.cleared_at IS NULL AND (h.shipment_id IS NULL OR h.shipment_id = s.id)
                      AND (h.delivery_group_id IS NULL OR h.delivery_group_id = s.delivery_group_id) ORDER BY h.id LIMIT 1), '')
                  WHEN s.state <> ALL (string_to_array($2::text, ',')) THEN 'is ' || s.state ||
                    CASE s.state WHEN 'planned' THEN ': its label is not bought yet' ELSE ', not ' || replace($2::text, ',', ' or ') END
             END AS problem, s.id IS NOT NULL AS is_there
  FROM unnest($1::bigint[]) AS n(id) LEFT JOIN s ON s.id = n.id ORDER BY n.id
