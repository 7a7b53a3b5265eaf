-- Items that have free stock and somebody who waits. due_at tells settle whether more has come meanwhile.
SELECT i.id, i.attempt, i.due_at::text FROM item AS i WHERE i.id = ANY ($1::bigint[]) AND i.step IS NOT DISTINCT FROM 'release' AND i.due_at <= now()
