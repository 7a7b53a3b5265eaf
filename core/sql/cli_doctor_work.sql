-- Rows that are due for so many seconds, open dead letters, and does any store want mails?
SELECT (SELECT count(*) FROM due_job WHERE due_at < now() - $1::bigint * interval '1 second' AND NOT is_held
           AND step IN ('reconcile', 'renew', 'route', 'release', 'rate', 'label', 'fulfill', 'notify')),
       (SELECT count(*) FROM dead_letter WHERE state = 'open'),
       EXISTS (SELECT 1 FROM store WHERE is_active AND customer_mail = 'waybill')
