-- Events: order, actor (null: this process), kind, shipment, note, detail. In the order given.
SELECT events_add($1::bigint[], $3::text[], $4::bigint[], notes => ARRAY(SELECT left(n.note, 1000) FROM unnest($5::text[]) WITH ORDINALITY AS n(note, n) ORDER BY n.n),
                  details => ARRAY(SELECT d.detail::jsonb FROM unnest($6::text[]) WITH ORDINALITY AS d(detail, n) ORDER BY d.n), actors => $2::text[])
