-- A credential: id, merchant, store, carrier account, kind, sealed, step. An access token without a value keeps the one it has until renewed.
INSERT INTO credential (id, merchant_id, store_id, carrier_account_id, kind, sealed, step)
VALUES ($1::bigint, $2::bigint, $3::bigint, $4::bigint, $5::text, $6::bytea, $7::text)
ON CONFLICT (id) DO UPDATE SET sealed = coalesce(excluded.sealed, credential.sealed), step = excluded.step, due_at = now(), attempt = 0,
  error = NULL, published_at = NULL, lease = NULL, lease_until = NULL,
  expires_at = CASE WHEN excluded.sealed IS NULL THEN credential.expires_at END
