-- Rows that are due for so many seconds, open dead letters, does any store want mails, which are paused, and what was picked over
-- a day ago?
SELECT (SELECT count(*) FROM due_job WHERE due_at < now() - $1::bigint * interval '1 second' AND NOT is_held
           AND step IN ('reconcile', 'renew', 'route', 'release', 'rate', 'label', 'fulfill', 'notify', 'erase')),
       (SELECT count(*) FROM dead_letter WHERE state = 'open'),
       EXISTS (SELECT 1 FROM store WHERE is_active AND customer_mail = 'waybill'),
       (SELECT string_agg(s.domain || ': ' || s.paused_reason, '; ' ORDER BY s.domain) FROM store AS s WHERE s.paused_at IS NOT NULL AND s.is_active),
       (SELECT count(*) FROM shipment AS s WHERE s.state = 'picked'
           AND NOT EXISTS (SELECT FROM order_event AS e WHERE e.order_id = s.order_id AND e.shipment_id = s.id
                              AND e.to_state = 'picked' AND e.at > now() - interval '1 day'))
