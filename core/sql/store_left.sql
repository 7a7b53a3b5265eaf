-- A store that refuses our token is switched off: store, lease (of it, or of its token).
SELECT store_left(s.id) FROM store AS s
 WHERE s.id = $1::bigint AND (s.lease = $2::text OR EXISTS (SELECT FROM credential AS c WHERE c.store_id = s.id AND c.lease = $2::text))
