-- The items' rows are the locks of their stock and of the queues of those who wait for it.
SELECT i.id, i.is_tracked, i.restock_on FROM item AS i WHERE i.id = ANY ($1::bigint[]) ORDER BY i.id FOR NO KEY UPDATE OF i
