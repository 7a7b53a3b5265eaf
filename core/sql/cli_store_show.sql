-- One store, with its maps, and which credentials there are. Never a secret.
SELECT s.id, s.platform, s.domain, m.name AS merchant, s.api_base, '/webhook/' || s.platform || '/' || s.hook_key AS webhook_path, s.hook_key,
       s.is_active AS active, s.paused_at::text AS paused_at, s.paused_reason, s.orders_from::text AS orders_from, s.release_on, s.customer_mail, s.mail_from_name, s.mail_from_address,
       s.unmapped_service, s.cursor_at::text AS compared_until, s.step, s.due_at::text AS due_at, s.attempt, s.error,
       (SELECT coalesce(json_agg(json_build_object('title', p.title, 'carrier', c.name, 'service', p.service) ORDER BY p.title), '[]')
          FROM service_map AS p JOIN carrier_account AS c ON c.id = p.carrier_account_id WHERE p.store_id = s.id) AS services,
       (SELECT coalesce(json_agg(json_build_object('location', l.code, 'id', x.source_id) ORDER BY l.code), '[]')
          FROM store_location AS x JOIN location AS l ON l.id = x.location_id WHERE x.store_id = s.id) AS locations,
       (SELECT coalesce(json_agg(json_build_object('kind', c.kind, 'is_there', c.is_there, 'expires_at', c.expires_at, 'error', c.error)
                                 ORDER BY c.kind), '[]') FROM credential AS c WHERE c.store_id = s.id) AS credentials
  FROM store AS s JOIN merchant AS m ON m.id = s.merchant_id WHERE s.id = $1::bigint
