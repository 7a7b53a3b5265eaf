-- Units promised: part, shipment, quantity. The database refuses what is not there.
INSERT INTO allocation (line_part_id, shipment_id, quantity)
SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::bigint[])
