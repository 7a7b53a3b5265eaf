-- A store: merchant, platform, domain, API, key of its webhooks, settings (null: the defaults). Its orders are compared at once;
-- where orders are imported, none is too old, unless somebody says so. Stores tell times in whole seconds.
INSERT INTO store (merchant_id, platform, domain, api_base, hook_key, orders_from, release_on, customer_mail, mail_from_name,
                   mail_from_address, unmapped_service, step)
VALUES ($1::bigint, $2::text, $3::text, $4::text, $5::text, coalesce($6::text::timestamptz, CASE WHEN $2::text = 'none' THEN 'epoch' ELSE date_trunc('second', now()) END),
        coalesce($7::text, 'paid'), coalesce($8::text, 'none'), $9::text, $10::text, coalesce($11::text, 'cheapest'), CASE WHEN $2::text <> 'none' THEN 'reconcile' END)
ON CONFLICT (platform, domain) DO NOTHING
RETURNING id, platform, domain, api_base, '/webhook/' || platform || '/' || hook_key AS webhook_path, hook_key, orders_from::text AS orders_from,
          release_on, customer_mail, unmapped_service
