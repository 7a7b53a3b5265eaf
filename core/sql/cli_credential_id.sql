-- The number of a store's or carrier's credential of a kind: the one that is there, else a new one.
SELECT coalesce((SELECT c.id FROM credential AS c
                  WHERE c.kind = $3::text AND (c.store_id = $1::bigint OR c.carrier_account_id = $2::bigint)),
                nextval('credential_id_seq'))
