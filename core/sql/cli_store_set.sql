-- Settings of a store; null: as they are.
UPDATE store AS s SET api_base = coalesce($2::text, s.api_base), orders_from = coalesce($3::text::timestamptz, s.orders_from),
       release_on = coalesce($4::text, s.release_on), customer_mail = coalesce($5::text, s.customer_mail),
       mail_from_name = coalesce($6::text, s.mail_from_name), mail_from_address = coalesce($7::text, s.mail_from_address),
       unmapped_service = coalesce($8::text, s.unmapped_service)
 WHERE s.id = $1::bigint
