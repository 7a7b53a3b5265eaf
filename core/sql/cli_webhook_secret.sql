-- The present webhook secret of a store: what it is bound to, and sealed.
SELECT 'credential:' || id, sealed FROM credential WHERE store_id = $1::bigint AND kind = 'webhook_secret'
