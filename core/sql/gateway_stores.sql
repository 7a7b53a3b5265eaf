-- Every store that can send webhooks, with its sealed secrets: one row per secret, at least one per store.
-- Inactive ones too: what a store asks about personal data is heard after it has gone.
SELECT s.id, s.platform, s.domain, s.hook_key, s.is_active, c.id, c.sealed
FROM store s
LEFT JOIN credential c ON c.store_id = s.id AND c.kind IN ('webhook_secret', 'webhook_secret_old')
ORDER BY s.hook_key COLLATE "C", c.kind
