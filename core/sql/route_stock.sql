-- What may still be promised of items, where it is. Under the items' locks.
SELECT s.item_id, s.location_id, stock_free(s) FROM stock AS s WHERE s.item_id = ANY ($1::bigint[]) AND stock_free(s) > 0
