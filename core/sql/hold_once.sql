-- Holds on orders: order, kind, reason. What a person has cleared is not set again for the same reason.
INSERT INTO hold (order_id, kind, reason)
SELECT n.order_id, n.kind, n.reason FROM unnest($1::bigint[], $2::text[], $3::text[]) AS n(order_id, kind, reason)
 WHERE NOT EXISTS (SELECT 1 FROM hold AS h WHERE h.order_id = n.order_id AND h.kind = n.kind AND h.reason = n.reason
                      AND h.cleared_at IS NOT NULL)
ON CONFLICT DO NOTHING
