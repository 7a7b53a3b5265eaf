-- Labels, the newest first: state (null: all), at most so many. Their cost is what was rated until the carrier says it.
SELECT l.id, o.name AS "order", p.shipment_id AS shipment, s.state AS shipment_state, l.state, c.name AS carrier_account, p.carrier, l.source_id,
       to_char(coalesce(l.cost, p.rate_amount) / 10000.0, 'FM999999999999990.0099') AS cost, coalesce(l.currency, p.rate_currency) AS currency,
       l.intended_at::text AS since, (extract(epoch FROM now() - l.intended_at) / 3600)::bigint AS hours, l.reason
  FROM label_purchase AS l JOIN parcel AS p ON p.id = l.parcel_id JOIN shipment AS s ON s.id = p.shipment_id
  JOIN orders AS o ON o.id = s.order_id JOIN carrier_account AS c ON c.id = l.carrier_account_id
 WHERE $1::text IS NULL OR l.state = $1::text ORDER BY l.id DESC LIMIT $2::bigint
