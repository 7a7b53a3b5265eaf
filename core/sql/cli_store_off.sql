-- Nothing is taken from a paused store any more: id.
UPDATE store SET is_active = false, step = NULL, lease = NULL, lease_until = NULL WHERE id = $1::bigint
