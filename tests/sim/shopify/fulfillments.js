'use strict';

/*
 * Fulfillments: the store's record that something has shipped, with Shopify's refusals. A repeat
 * is not recognised: fulfilling twice ships twice, as far as the quantities allow.
 */

const { id_of } = require('./ids');
const fulfillment_orders = require('./fulfillment_orders');
const inventory = require('./inventory');

const TRACKING_URLS = {
  UPS: 'https://www.ups.com/WebTracking?tracknum=',
  USPS: 'https://tools.usps.com/go/TrackConfirmAction?tLabels=',
  FedEx: 'https://www.fedex.com/fedextrack/?trknbr=',
  'DHL Express': 'https://www.dhl.com/track?trackingNumber=',
};

function refuse(message, field = ['fulfillment']) {
  return { error: { field, message } };
}

/* Checks that hold for the fulfillment orders of one call taken together. */
function together_refusal(named) {
  const first = named[0];
  const same = (read) => named.every((one) => read(one) === read(first));
  if (!same((one) => one.order)) return refuse('All fulfillment orders must be of the same order');
  if (!same((one) => one.location_id)) {
    return refuse('All fulfillment orders must be assigned to a single location');
  }
  if (!same((one) => one.delivery_method.method_type)) {
    return refuse('All fulfillment orders must have the same delivery method type');
  }
  return null;
}

function state_refusal(shop, fulfillment_order) {
  const { id, status } = fulfillment_order;
  if (status !== 'OPEN' && status !== 'IN_PROGRESS') {
    return refuse(`Fulfillment order ${id} has an unfulfillable status= ${status.toLowerCase()}.`);
  }
  if (!fulfillment_orders.supported_actions(shop, fulfillment_order).includes('CREATE_FULFILLMENT')) {
    return refuse('The api_client does not have access to the fulfillment order.');
  }
  return null;
}

function tracking_of(given) {
  if (!given) return [];
  const numbers = given.numbers || (given.number ? [given.number] : []);
  const urls = given.urls || (given.url ? [given.url] : []);
  const company = given.company || null;
  return numbers.map((number, index) => ({
    company, number,
    url: urls[index] || (TRACKING_URLS[company] ? TRACKING_URLS[company] + number : null),
  }));
}

/* `input` is a FulfillmentInput; { error } or { fulfillment }. */
function create(shop, input, message) {
  const groups = input.lineItemsByFulfillmentOrder;
  const named = groups.map((group) =>
    shop.fulfillment_orders.get(id_of('FulfillmentOrder', group.fulfillmentOrderId)));
  if (named.length === 0 || named.includes(undefined)) {
    return refuse('Fulfillment order does not exist.');
  }
  const refusal = together_refusal(named) ||
    named.map((one) => state_refusal(shop, one)).find(Boolean);
  if (refusal) return refusal;

  const taken = [];
  for (const [index, group] of groups.entries()) {
    const at = ['fulfillment', 'lineItemsByFulfillmentOrder', String(index),
      'fulfillmentOrderLineItems'];
    const { chosen, error } = fulfillment_orders.chosen_lines(named[index],
      group.fulfillmentOrderLineItems, at);
    if (error) return { error };
    taken.push(...chosen.map((one) => ({ ...one, fulfillment_order: named[index] })));
  }
  return { fulfillment: record(shop, named[0].order, taken, input, message) };
}

function record(shop, order, taken, input, message) {
  const { location_id } = taken[0].fulfillment_order;
  const fulfillment = {
    id: shop.next_id('Fulfillment'), order, location_id, status: 'SUCCESS',
    display_status: 'FULFILLED', name: `${order.name}.${order.fulfillments.length + 1}`,
    message: message || null, notify_customer: input.notifyCustomer === true,
    tracking: tracking_of(input.trackingInfo), created_ms: shop.now(), updated_ms: shop.now(),
    fulfillment_orders: [...new Set(taken.map((one) => one.fulfillment_order))],
    lines: taken.map(({ line, quantity }) => ({
      id: shop.next_id('FulfillmentLineItem'), line: line.line, quantity })),
  };
  for (const { line, quantity, fulfillment_order } of taken) {
    line.remaining -= quantity;
    line.line.fulfilled += quantity;
    inventory.ship(line.line.variant, fulfillment_order.location_id, quantity);
    fulfillment_orders.touch(shop, fulfillment_order);
    fulfillment_orders.close_if_done(shop, fulfillment_order);
  }
  order.fulfillments.push(fulfillment);
  shop.fulfillments.set(fulfillment.id, fulfillment);
  return fulfillment;
}

function update_tracking(shop, fulfillment, given) {
  if ((given.url && given.urls) || (given.number && given.numbers)) {
    return refuse('Tracking info must be given as one or as many, not both.', ['trackingInfoInput']);
  }
  fulfillment.tracking = tracking_of(given);
  fulfillment.updated_ms = shop.now();
  return { fulfillment };
}

/* Reopens the work in new fulfillment orders at the old location. */
function cancel(shop, fulfillment) {
  if (fulfillment.status === 'CANCELLED') return refuse('The fulfillment is already cancelled.', ['id']);
  fulfillment.status = 'CANCELLED';
  fulfillment.display_status = 'CANCELED';
  fulfillment.updated_ms = shop.now();
  const again = fulfillment_orders.make(shop, fulfillment.order, fulfillment.location_id,
    { delivery_method: fulfillment.fulfillment_orders[0].delivery_method });
  for (const { line, quantity } of fulfillment.lines) {
    line.fulfilled -= quantity;
    fulfillment_orders.add_line(shop, again, line, quantity);
    inventory.ship(line.variant, fulfillment.location_id, -quantity);
  }
  return { fulfillment };
}

module.exports = { create, update_tracking, cancel };
