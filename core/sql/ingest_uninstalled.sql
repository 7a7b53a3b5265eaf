-- A store has removed us: nothing more is fetched from it or told to it.
UPDATE store SET is_active = false, step = NULL, error = 'the store has removed the app' WHERE id = ANY ($1::bigint[])
