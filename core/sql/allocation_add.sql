-- Units promised: order, part, item, location, shipment, quantity. The database refuses what is not there.
INSERT INTO allocation (order_id, line_part_id, item_id, location_id, shipment_id, quantity)
SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[], $6::bigint[])
