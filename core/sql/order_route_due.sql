-- Orders that are cleared to be planned: route is due, for held ones when they are cleared. Others are left alone.
UPDATE orders SET step = 'route', due_at = now(), attempt = 0, error = NULL, published_at = NULL
 WHERE id = ANY ($1::bigint[]) AND state IN ('paid', 'awaiting_fulfillment', 'partially_fulfilled')
RETURNING id, is_held
