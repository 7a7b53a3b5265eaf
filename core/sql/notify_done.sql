-- Mails that were sent, or cannot be: ids, lease, outcome.
WITH done AS (
  UPDATE notice AS n SET step = NULL, outcome = u.outcome, sent_at = CASE WHEN u.outcome = 'sent' THEN now() END, attempt = 0,
         error = NULL, lease = NULL, lease_until = NULL
    FROM unnest($1::bigint[], $3::text[]) AS u(id, outcome)
   WHERE n.id = u.id AND n.lease IS NOT DISTINCT FROM $2::text AND n.step IS NOT DISTINCT FROM 'notify'
  RETURNING n.id, n.order_id, n.kind, n.outcome
)
SELECT events_add(array_agg(order_id ORDER BY id), array_agg('mailed'::text), notes => array_agg(kind || ': ' || outcome ORDER BY id),
                  details => array_agg(jsonb_build_object('notice', id) ORDER BY id)) FROM done
