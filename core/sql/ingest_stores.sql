-- What ingest must know of the stores its messages come from.
SELECT s.id, s.merchant_id, s.platform, s.domain, s.api_base, s.is_active,
       (extract(epoch FROM s.orders_from) * 1000000)::bigint AS orders_from_us, s.release_on,
       c.id AS credential_id, c.sealed AS access_token, s.paused_reason
  FROM store AS s
  LEFT JOIN credential AS c ON c.store_id = s.id AND c.kind = 'access_token'
 WHERE s.id = ANY ($1::bigint[])
