-- Somebody says that a store has removed us: store, hash of the body. False: a repeat.
SELECT store_uninstalled($1::bigint, $2::bytea)
