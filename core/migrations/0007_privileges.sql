-- The workers' user. It may do its work, and none of what the triggers guard: it cannot write the counters of stock and
-- parts, change an event, or alter the schema.
REVOKE CREATE ON SCHEMA public FROM PUBLIC;
GRANT USAGE ON SCHEMA public TO waybill;
GRANT SELECT ON ALL TABLES IN SCHEMA public TO waybill;
GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO waybill;

GRANT INSERT, UPDATE ON merchant, store, carrier_account, credential, location, item, listing, orders, delivery_group, shipment,
  parcel, label_purchase, notice, cancellation, refund, dead_letter, store_request TO waybill;
GRANT INSERT, UPDATE, DELETE ON store_location, location_zone, service_map, listing_part, exclusion, suspect TO waybill;
GRANT INSERT ON tracking_event, label_document, refund_line, routing_policy, routing_decision TO waybill;
GRANT INSERT, DELETE, UPDATE (quantity) ON allocation TO waybill;
GRANT INSERT, UPDATE (quantity, wanted, promised, state, closed_at) ON backorder TO waybill;
GRANT INSERT, UPDATE (cleared_by, cleared_at) ON hold TO waybill;
GRANT INSERT (item_id, location_id, delta, kind, shipment_id, note) ON stock_move TO waybill;
GRANT UPDATE ON clock_lease TO waybill;
GRANT INSERT (item_id, location_id, safety_stock), UPDATE (safety_stock) ON stock TO waybill;
GRANT INSERT, UPDATE (ordered, cancelled, variant_id, sku, title, variant_title, unit_price, unit_price_presentment, list_price, total, discount,
  tax, duties, grams, needs_shipping, details, delivery_group_id) ON order_line TO waybill;
GRANT INSERT (order_id, order_line_id, item_id, per_unit, quantity, cancelled) ON line_part TO waybill;
-- What runs as its owner is for the triggers: nobody calls it by hand, or hangs it on a table of his own. events_add() is the exception.
REVOKE EXECUTE ON FUNCTION item_release_due(bigint[]), stock_move_booked(), allocation_changed(), backorder_changed(),
  order_line_changed(), order_line_stays(), hold_changed(), order_moved(), shipment_moved() FROM PUBLIC;

-- People's role: what they do through the command line. They can read all but sealed credentials, and write what people decide and what says when
-- work is due. Orders come from stores, labels from carriers, credentials need the master key: that is the workers' and the engineer's.
GRANT USAGE ON SCHEMA public TO waybill_operator;
GRANT SELECT ON ALL TABLES IN SCHEMA public TO waybill_operator;
GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO waybill_operator;
REVOKE SELECT ON credential FROM waybill_operator;
GRANT SELECT (id, merchant_id, store_id, carrier_account_id, kind, is_there, expires_at, renewed_at, step, due_at, attempt, lease, lease_until,
  published_at, error) ON credential TO waybill_operator;
GRANT UPDATE (step, due_at, attempt, lease, lease_until, published_at, error) ON credential, orders, shipment, parcel, label_purchase, notice, item, store,
  listing, cancellation, refund, store_request TO waybill_operator;
GRANT INSERT, UPDATE ON merchant, store, carrier_account, location, item, listing TO waybill_operator;
GRANT INSERT, UPDATE, DELETE ON store_location, location_zone, service_map, listing_part, exclusion TO waybill_operator;
GRANT INSERT, UPDATE (cleared_by, cleared_at) ON hold TO waybill_operator;
GRANT UPDATE (state, closed_by, closed_at, closed_note) ON dead_letter TO waybill_operator;
GRANT UPDATE (done_at, closed_by, note) ON store_request TO waybill_operator;
GRANT INSERT (item_id, location_id, delta, kind, shipment_id, note) ON stock_move TO waybill_operator;
GRANT INSERT (item_id, location_id, safety_stock), UPDATE (safety_stock) ON stock TO waybill_operator;
GRANT DELETE, UPDATE (quantity) ON allocation TO waybill_operator;
GRANT INSERT, UPDATE ON parcel TO waybill_operator;
GRANT INSERT ON notice TO waybill_operator;
GRANT DELETE ON suspect TO waybill_operator;
GRANT UPDATE (state) ON orders, label_purchase TO waybill_operator;
GRANT UPDATE (state, shipped_at) ON shipment TO waybill_operator;
