-- Rows that are due for so many seconds, open dead letters, does any store want mails, and which are paused?
SELECT (SELECT count(*) FROM due_job WHERE due_at < now() - $1::bigint * interval '1 second' AND NOT is_held
           AND step IN ('reconcile', 'renew', 'route', 'release', 'rate', 'label', 'fulfill', 'notify', 'erase')),
       (SELECT count(*) FROM dead_letter WHERE state = 'open'),
       EXISTS (SELECT 1 FROM store WHERE is_active AND customer_mail = 'waybill'),
       (SELECT string_agg(s.domain || ': ' || s.paused_reason, '; ' ORDER BY s.domain) FROM store AS s WHERE s.paused_at IS NOT NULL AND s.is_active)
