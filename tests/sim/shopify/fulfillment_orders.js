'use strict';

/*
 * Fulfillment orders: the store's own plan of who ships what. Shopify makes them some time after
 * the order, one per location and delivery method, and gives new ids when work moves or splits.
 */

const { id_of, gid } = require('./ids');
const inventory = require('./inventory');

const ACTIVE = ['OPEN', 'IN_PROGRESS', 'ON_HOLD', 'SCHEDULED'];
const SERVICE_AT_WORK = ['SUBMITTED', 'ACCEPTED', 'CANCELLATION_REQUESTED', 'CANCELLATION_REJECTED'];

function default_location(shop, order) {
  const physical = order.lines.filter((line) => line.requires_shipping);
  const open = [...shop.locations.values()].filter((location) => location.is_active &&
    location.fulfills_online_orders && !location.is_fulfillment_service);
  const complete = open.find((location) => physical.every((line) => {
    const level = line.variant && line.variant.item.levels.get(location.id);
    return level ? level.available >= line.quantity : inventory.stocks(line.variant, location.id);
  }));
  const chosen = complete || open[0];
  if (!chosen) throw new Error('the shop has no active location');
  return chosen;
}

function make(shop, order, location_id, from = {}) {
  const made = {
    id: shop.next_id('FulfillmentOrder'), order, location_id,
    status: from.fulfill_at_ms && from.fulfill_at_ms > shop.now() ? 'SCHEDULED' : 'OPEN',
    request_status: 'UNSUBMITTED', progress_reported: false, holds: [], lines: [],
    fulfill_at_ms: from.fulfill_at_ms || null, fulfill_by_ms: null,
    delivery_method: from.delivery_method || order.delivery_method,
    created_ms: shop.now(), updated_ms: shop.now(),
  };
  order.fulfillment_orders.push(made);
  shop.fulfillment_orders.set(made.id, made);
  return made;
}

function add_line(shop, fulfillment_order, line, quantity) {
  const made = { id: shop.next_id('FulfillmentOrderLineItem'), line, total: quantity,
    remaining: quantity };
  fulfillment_order.lines.push(made);
  return made;
}

/* Makes the fulfillment orders of what has none yet. */
function route(shop, order) {
  const fallback = default_location(shop, order);
  const made = new Map();
  for (const line of order.lines) {
    const open = line.requires_shipping ? line.quantity - line.cancelled - line.routed : 0;
    if (open <= 0) continue;
    const location = line.location ? inventory.find_location(shop, line.location) : fallback;
    const method = line.delivery || order.delivery_method.method_type;
    const key = `${location.id} ${method}`;
    if (!made.has(key)) {
      const delivery_method = { ...order.delivery_method, method_type: method };
      made.set(key, make(shop, order, location.id, { ...order, delivery_method }));
    }
    add_line(shop, made.get(key), line, open);
    line.routed += open;
    inventory.commit(line.variant, location.id, open);
  }
  order.routed = true;
  for (const fulfillment_order of made.values()) {
    if (order.hold_reason) add_hold(shop, fulfillment_order, { reason: order.hold_reason });
    tell(shop, 'order_routing_complete', { fulfillment_order: thin(fulfillment_order) });
  }
  return [...made.values()];
}

function thin(fulfillment_order) {
  return { id: gid('FulfillmentOrder', fulfillment_order.id),
    status: fulfillment_order.status.toLowerCase() };
}

function tell(shop, what, body) {
  shop.outbox.emit(`fulfillment_orders/${what}`, JSON.stringify(body));
}

function touch(shop, fulfillment_order) {
  fulfillment_order.updated_ms = shop.now();
}

function remaining_of(fulfillment_order) {
  return fulfillment_order.lines.reduce((sum, line) => sum + line.remaining, 0);
}

function is_active(fulfillment_order) {
  return ACTIVE.includes(fulfillment_order.status);
}

function at_service(shop, fulfillment_order) {
  const location = shop.locations.get(fulfillment_order.location_id);
  return location !== undefined && location.is_fulfillment_service;
}

/* What Shopify lets this app do now: the guard the OMS must read. */
function supported_actions(shop, fulfillment_order) {
  const { status, request_status: request } = fulfillment_order;
  if (!is_active(fulfillment_order)) return [];
  if (status === 'ON_HOLD') return ['RELEASE_HOLD', 'HOLD', 'MOVE'];
  if (status === 'SCHEDULED') return ['MARK_AS_OPEN'];
  if (at_service(shop, fulfillment_order)) {
    if (request === 'UNSUBMITTED' || request === 'REJECTED') {
      return ['REQUEST_FULFILLMENT', 'MOVE', 'HOLD', 'SPLIT'];
    }
    return ['REQUEST_CANCELLATION'];
  }
  if (fulfillment_order.progress_reported) return ['CREATE_FULFILLMENT', 'MARK_AS_OPEN'];
  return ['CREATE_FULFILLMENT', 'REPORT_PROGRESS', 'MOVE', 'HOLD', 'SPLIT'];
}

function refuse(message, field = ['id'], code = null) {
  return { error: { field, message, code } };
}

/* Resolves [{ id, quantity }] to [{ line, quantity }]; absent means everything that remains. */
function chosen_lines(fulfillment_order, wished, at = []) {
  if (!wished || wished.length === 0) {
    return { chosen: fulfillment_order.lines.filter((line) => line.remaining > 0)
      .map((line) => ({ line, quantity: line.remaining })) };
  }
  const chosen = [];
  for (const [index, wish] of wished.entries()) {
    const id = id_of('FulfillmentOrderLineItem', wish.id);
    const line = fulfillment_order.lines.find((candidate) => candidate.id === id);
    if (!line) return refuse('Fulfillment order line item does not exist.', [...at, String(index), 'id']);
    if (wish.quantity < 1 || wish.quantity > line.remaining ||
        chosen.some((other) => other.line === line)) {
      return refuse('Invalid fulfillment order line item quantity requested.',
        [...at, String(index), 'quantity'], 'INVALID_LINE_ITEM_QUANTITY');
    }
    chosen.push({ line, quantity: wish.quantity });
  }
  return { chosen };
}

/* Takes `chosen` out of `from` into a new fulfillment order at `location_id`. */
function carve(shop, from, chosen, location_id) {
  const made = make(shop, from.order, location_id, from);
  for (const { line, quantity } of chosen) {
    line.total -= quantity;
    line.remaining -= quantity;
    add_line(shop, made, line.line, quantity);
  }
  from.lines = from.lines.filter((line) => line.total > 0);
  touch(shop, from);
  return made;
}

function move_refusal(shop, fulfillment_order, target) {
  if (!is_active(fulfillment_order)) return refuse('Fulfillment order is not in a movable state.');
  if (fulfillment_order.progress_reported) {
    return refuse('Cannot move a fulfillment order that has progress reported.', ['id'],
      'CANNOT_MOVE_FULFILLMENT_ORDER_WITH_REPORTED_PROGRESS');
  }
  if (SERVICE_AT_WORK.includes(fulfillment_order.request_status)) {
    return refuse('Cannot move a fulfillment order that has been requested.');
  }
  if (!target || !target.is_active) return refuse('Location not found.', ['newLocationId']);
  if (target.id === fulfillment_order.location_id) {
    return refuse('The fulfillment order is already assigned to this location.', ['newLocationId']);
  }
  return null;
}

function move(shop, fulfillment_order, target, wished) {
  const refusal = move_refusal(shop, fulfillment_order, target);
  if (refusal) return refusal;
  const { chosen, error } = chosen_lines(fulfillment_order, wished, ['fulfillmentOrderLineItems']);
  if (error) return { error: { ...error, code: null } };
  if (chosen.some(({ line }) => !inventory.stocks(line.line.variant, target.id))) {
    return refuse('Cannot move: the new location does not stock all of the items.',
      ['newLocationId']);
  }

  const source_id = fulfillment_order.location_id;
  for (const { line, quantity } of chosen) {
    inventory.commit(line.line.variant, source_id, -quantity);
    inventory.commit(line.line.variant, target.id, quantity);
  }
  const requested = chosen.map(({ line, quantity }) => ({
    id: gid('FulfillmentOrderLineItem', line.id), quantity }));
  const moved = relocate(shop, fulfillment_order, target, chosen);
  tell(shop, 'moved', {
    original_fulfillment_order: { ...thin(fulfillment_order),
      assigned_location_id: gid('Location', fulfillment_order.location_id) },
    moved_fulfillment_order: { ...thin(moved), assigned_location_id: gid('Location', target.id) },
    destination_location_id: gid('Location', target.id),
    fulfillment_order_line_items_requested: requested,
    source_location: { id: gid('Location', source_id) },
  });
  return { moved, original: fulfillment_order };
}

/* The same id when all of it moves to a place where the order has no other open work. */
function relocate(shop, fulfillment_order, target, chosen) {
  const untouched = fulfillment_order.lines.every((line) => line.total === line.remaining);
  const whole = untouched && chosen.length === fulfillment_order.lines.length &&
    chosen.every(({ line, quantity }) => quantity === line.remaining);
  const neighbour = fulfillment_order.order.fulfillment_orders.some((other) =>
    other !== fulfillment_order && is_active(other) && other.location_id === target.id);
  if (whole && !neighbour) {
    fulfillment_order.location_id = target.id;
    touch(shop, fulfillment_order);
    return fulfillment_order;
  }
  const moved = carve(shop, fulfillment_order, chosen, target.id);
  close_if_done(shop, fulfillment_order);
  return moved;
}

function close_if_done(shop, fulfillment_order) {
  if (remaining_of(fulfillment_order) > 0) return;
  fulfillment_order.status = 'CLOSED';
  fulfillment_order.holds = [];
  touch(shop, fulfillment_order);
}

function split(shop, fulfillment_order, wished) {
  if (!supported_actions(shop, fulfillment_order).includes('SPLIT')) {
    return refuse('The fulfillment order cannot be split.', ['fulfillmentOrderSplits']);
  }
  const { chosen, error } = chosen_lines(fulfillment_order, wished);
  if (error) return { error };
  if (chosen.reduce((sum, one) => sum + one.quantity, 0) >= remaining_of(fulfillment_order)) {
    return refuse('The quantity must be less than the total.', ['fulfillmentOrderSplits'],
      'GREATER_THAN');
  }
  const remaining = carve(shop, fulfillment_order, others(fulfillment_order, chosen),
    fulfillment_order.location_id);
  tell(shop, 'split', {
    split_line_items: chosen.map(({ line, quantity }) => ({
      id: gid('FulfillmentOrderLineItem', line.id), quantity })),
    fulfillment_order: thin(fulfillment_order),
    remaining_fulfillment_order: thin(remaining),
    replacement_fulfillment_order: null,
  });
  return { fulfillment_order, remaining };
}

/* What is left of a fulfillment order when `chosen` is set aside. */
function others(fulfillment_order, chosen) {
  return fulfillment_order.lines.map((line) => {
    const taken = chosen.find((one) => one.line === line);
    return { line, quantity: line.remaining - (taken ? taken.quantity : 0) };
  }).filter((one) => one.quantity > 0);
}

function add_hold(shop, fulfillment_order, given) {
  const hold = {
    id: shop.next_id('FulfillmentHold'), reason: (given.reason || 'OTHER').toUpperCase(),
    reason_notes: given.reason_notes || null, handle: given.handle || '',
    held_by_requesting_app: given.held_by_requesting_app === true,
  };
  fulfillment_order.holds.push(hold);
  fulfillment_order.status = 'ON_HOLD';
  touch(shop, fulfillment_order);
  tell(shop, 'placed_on_hold', {
    fulfillment_order: { ...thin(fulfillment_order),
      fulfillment_holds: fulfillment_order.holds.map(rest_hold) },
    remaining_fulfillment_order: null,
    held_fulfillment_order_line_items: fulfillment_order.lines.map((line) => ({
      id: gid('FulfillmentOrderLineItem', line.id), quantity: line.remaining })),
    created_fulfillment_hold: rest_hold(hold),
  });
  return hold;
}

function rest_hold(hold) {
  return {
    id: gid('FulfillmentHold', hold.id), reason: hold.reason.toLowerCase(),
    reason_notes: hold.reason_notes, held_by_requesting_app: hold.held_by_requesting_app,
    handle: hold.handle, held_by_app: null,
  };
}

/* Without `hold_ids` every hold goes. */
function release_holds(shop, fulfillment_order, hold_ids) {
  fulfillment_order.holds = hold_ids
    ? fulfillment_order.holds.filter((hold) => !hold_ids.includes(hold.id)) : [];
  if (fulfillment_order.holds.length === 0 && fulfillment_order.status === 'ON_HOLD') {
    fulfillment_order.status = 'OPEN';
  }
  touch(shop, fulfillment_order);
  tell(shop, 'hold_released', { fulfillment_order: thin(fulfillment_order) });
}

function report_progress(shop, fulfillment_order) {
  fulfillment_order.progress_reported = true;
  fulfillment_order.status = 'IN_PROGRESS';
  touch(shop, fulfillment_order);
}

function mark_open(shop, fulfillment_order) {
  fulfillment_order.progress_reported = false;
  fulfillment_order.fulfill_at_ms = null;
  fulfillment_order.status = 'OPEN';
  touch(shop, fulfillment_order);
}

/* The whole order was cancelled: its open work ends. */
function close_all(shop, order) {
  for (const fulfillment_order of order.fulfillment_orders.filter(is_active)) {
    for (const line of fulfillment_order.lines) {
      inventory.commit(line.line.variant, fulfillment_order.location_id, -line.remaining);
      line.remaining = 0;
    }
    close_if_done(shop, fulfillment_order);
    tell(shop, 'cancelled', { fulfillment_order: thin(fulfillment_order),
      replacement_fulfillment_order: null });
  }
}

/* `quantity` units of `line` will not ship: takes them from its open work, newest first. */
function shrink(shop, order, line, quantity) {
  let left = quantity;
  for (const fulfillment_order of order.fulfillment_orders.filter(is_active).reverse()) {
    for (const own of fulfillment_order.lines.filter((one) => one.line === line)) {
      const taken = Math.min(left, own.remaining);
      own.remaining -= taken;
      own.total -= taken;
      line.routed -= taken;
      left -= taken;
      inventory.commit(line.variant, fulfillment_order.location_id, -taken);
    }
    fulfillment_order.lines = fulfillment_order.lines.filter((own) => own.total > 0);
    touch(shop, fulfillment_order);
    close_if_done(shop, fulfillment_order);
  }
}

module.exports = {
  SERVICE_AT_WORK, make, add_line, route, thin, touch, remaining_of, is_active, at_service,
  supported_actions, chosen_lines, move, move_refusal, split, add_hold, release_holds,
  report_progress, mark_open, close_if_done, close_all, shrink,
};
