-- Events: order, actor (null: this process), kind, shipment, note, detail (JSON). In the order given.
SELECT events_add($1::bigint[], $3::text[], $4::bigint[], notes => $5::text[], details => $6::text[]::jsonb[], actors => $2::text[])
