-- Ids for so many shipments and routing decisions.
SELECT nextval('shipment_id_seq') FROM generate_series(1, $1::bigint)
UNION ALL SELECT nextval('routing_decision_id_seq') FROM generate_series(1, $2::bigint)
