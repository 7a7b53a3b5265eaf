-- Items whose queue is to be served.
SELECT 'release', i.id FROM item AS i WHERE i.id = ANY ($1::bigint[]) AND i.step = 'release' AND i.due_at <= now()
