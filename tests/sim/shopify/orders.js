'use strict';

/* Orders: how one is made from a few words, and what a merchant or a buyer can do to it. */

const crypto = require('node:crypto');

const { parse_money } = require('./money');
const fulfillment_orders = require('./fulfillment_orders');
const inventory = require('./inventory');
const rest = require('./rest');

const ADDRESS = {
  first_name: 'Ada', last_name: 'Lovelace', company: null, address1: '965 Mission Street',
  address2: null, city: 'San Francisco', province: 'California', province_code: 'CA',
  zip: '94103', country: 'United States', country_code: 'US', phone: '+15553419393',
};

function address_of(given, fallback) {
  if (given === null) return null;
  const address = { ...(given && given.country_code ? {} : fallback), ...given };
  for (const key of Object.keys(ADDRESS)) if (address[key] === undefined) address[key] = null;
  address.name = [address.first_name, address.last_name].filter(Boolean).join(' ');
  return address;
}

function line_of(shop, order, given) {
  const variant = given.variant_id ? shop.variants.get(String(given.variant_id))
    : shop.variants_by_sku.get(given.sku);
  const known = variant || {};
  const pick = (name, fallback) =>
    given[name] !== undefined ? given[name] : known[name] !== undefined ? known[name] : fallback;
  const gift_card = pick('gift_card', false);
  const line = {
    id: given.id ? String(given.id) : shop.next_id('LineItem'), order, variant: variant || null,
    sku: given.sku !== undefined ? given.sku : known.sku || null,
    title: given.title || known.product_title || given.sku || 'Custom item',
    variant_title: known.title && known.title !== 'Default Title' ? known.title : null,
    vendor: known.vendor || null, product_id: known.product_id || null,
    price: given.price !== undefined ? parse_money(given.price, order.currency) : known.price || 0,
    discount: parse_money(given.discount || '0', order.currency), tax: parse_money(given.tax || '0', order.currency),
    grams: pick('grams', 0), gift_card,
    requires_shipping: gift_card ? false : pick('requires_shipping', true),
    properties: given.properties || [], location: given.location || null,
    delivery: given.delivery || null,
    quantity: given.quantity === undefined ? 1 : given.quantity,
    fulfilled: 0, cancelled: 0, returned: 0, routed: 0,
  };
  if (gift_card) line.fulfilled = line.quantity;
  shop.lines.set(line.id, line);
  return line;
}

function shipping_lines_of(shop, order, given) {
  if (given === null) return [];
  const wish = given || {};
  const title = wish.title || 'Standard';
  return [{
    id: shop.next_id('ShippingLine'), title, code: wish.code || title.toLowerCase(),
    price: parse_money(wish.price || '5', order.currency),
  }];
}

function customer_of(shop, given, email) {
  if (given === null) return null;
  const wish = given || {};
  return {
    id: wish.id ? String(wish.id) : shop.next_id('Customer'), email: wish.email || email,
    first_name: wish.first_name || ADDRESS.first_name,
    last_name: wish.last_name || ADDRESS.last_name, phone: wish.phone || null,
    created_ms: shop.now(),
  };
}

/* An order that exists but that nobody has been told of. README.md lists what `given` may hold. */
function build(shop, given) {
  const number = given.number || shop.next_order_number++;
  const email = given.email === undefined ? 'buyer@example.com' : given.email;
  const created_ms = given.created_at ? Date.parse(given.created_at) : shop.now();
  const currency = given.currency || shop.currency;
  const order = {
    id: given.id ? String(given.id) : shop.next_id('Order'), number,
    name: given.name || `#${number}`, token: crypto.randomBytes(16).toString('hex'),
    created_ms, processed_ms: created_ms, updated_ms: shop.now(), cancelled_ms: null,
    closed_ms: null, cancel_reason: null, currency,
    presentment_currency: given.presentment_currency || currency,
    presentment_rate: given.presentment_rate || 1,
    financial_status: given.financial_status || 'paid', test: given.test === true, edited: false,
    email, phone: given.phone || null, note: given.note || null, tags: given.tags || [],
    note_attributes: given.note_attributes || [], locale: given.locale || 'en',
    source_name: given.source_name || 'web', discount_codes: given.discount_codes || [],
    customer: customer_of(shop, given.customer, email),
    shipping_address: null, billing_address: null, shipping_lines: [], lines: [],
    delivery_method: { id: shop.next_id('DeliveryMethod'),
      method_type: given.delivery || 'SHIPPING', service_code: null, presented_name: null },
    fulfill_at_ms: given.fulfill_at ? Date.parse(given.fulfill_at) : null,
    hold_reason: given.hold || null, fulfillments: [], refunds: [], fulfillment_orders: [],
    routed: false, tax: parse_money(given.tax || '0', currency),
    duties: parse_money(given.duties || '0', currency),
    taxes_included: given.taxes_included === true, paid: 0, refunded: 0,
  };
  order.lines = (given.lines || []).map((line) => line_of(shop, order, {
    location: given.location, ...line }));
  if (order.lines.length === 0) throw new Error('an order needs lines');
  const physical = order.lines.some((line) => line.requires_shipping);
  if (physical) order.shipping_lines = shipping_lines_of(shop, order, given.shipping);
  if (physical || given.shipping_address) {
    order.shipping_address = address_of(given.shipping_address, ADDRESS);
  }
  order.billing_address = address_of(given.billing_address, order.shipping_address || ADDRESS);
  if (order.financial_status === 'paid') order.paid = rest.totals(order).total;
  return order;
}

/* `given.routing`: "now" (default), "later" (until told), or { after_ms }. */
function create(shop, given) {
  const order = build(shop, given);
  shop.orders.set(order.id, order);
  shop.outbox.action(given.webhooks, () => {
    tell(shop, order, 'create');
    if (order.financial_status === 'paid') tell(shop, order, 'paid');
    if ((given.routing || 'now') === 'now') fulfillment_orders.route(shop, order);
  });
  if (given.routing && given.routing.after_ms !== undefined) {
    setTimeout(() => shop.outbox.action(given.webhooks,
      () => fulfillment_orders.route(shop, order)), given.routing.after_ms).unref();
  }
  return order;
}

function tell(shop, order, what) {
  shop.outbox.emit(`orders/${what}`, rest.text(rest.order(shop, order)), order.id);
}

/* Every change ends here: the order is newer, and Shopify says so. */
function changed(shop, order) {
  order.updated_ms = Math.max(shop.now(), order.updated_ms);
  tell(shop, order, 'updated');
}

/* By id, gid, name or number; throws when there is none. */
function find(shop, reference) {
  const digits = String(reference).replace(/^gid:\/\/shopify\/Order\//, '');
  const by_id = shop.orders.get(digits);
  if (by_id) return by_id;
  for (const order of shop.orders.values()) {
    if (order.name === reference || String(order.number) === digits) return order;
  }
  throw new Error(`no order ${reference}`);
}

function find_line(order, wish) {
  const line = order.lines.find((candidate) =>
    candidate.id === String(wish.id) || (wish.sku !== undefined && candidate.sku === wish.sku));
  if (!line) throw new Error(`no line ${wish.id || wish.sku} in order ${order.name}`);
  return line;
}

function mark_paid(shop, order) {
  order.paid = rest.totals(order).current_total + order.refunded;
  order.financial_status = 'paid';
  order.updated_ms = shop.now();
  tell(shop, order, 'paid');
  changed(shop, order);
}

function authorize(shop, order) {
  order.financial_status = 'authorized';
  changed(shop, order);
}

/* refund: give the money back (default yes, when there is any). */
function cancel(shop, order, { reason = 'customer', refund: money_back = true } = {}) {
  if (order.cancelled_ms !== null) throw new Error('the order is already cancelled');
  const open = order.lines.map((line) => ({ line,
    quantity: line.quantity - line.cancelled - line.fulfilled })).filter((one) => one.quantity > 0);
  fulfillment_orders.close_all(shop, order);
  for (const { line, quantity } of open) line.cancelled += quantity;
  order.cancelled_ms = order.closed_ms = order.updated_ms = shop.now();
  order.cancel_reason = reason;
  if (order.paid > order.refunded && money_back) {
    add_refund(shop, order, open, 'cancel', order.paid - order.refunded);
  } else if (order.paid === 0) {
    order.financial_status = 'voided';
  }
  tell(shop, order, 'cancelled');
  changed(shop, order);
}

function add_refund(shop, order, lines, restock_type, amount, note = null) {
  const refund = {
    id: shop.next_id('Refund'), order, note, amount, created_ms: shop.now(), restock_type,
    transaction_id: shop.next_id('OrderTransaction'),
    lines: lines.map(({ line, quantity }) => ({ id: shop.next_id('RefundLineItem'), line, quantity,
      subtotal: rest.share(line, quantity) })),
  };
  order.refunds.push(refund);
  order.refunded += amount;
  if (order.paid > 0) {
    order.financial_status = order.refunded >= order.paid ? 'refunded' : 'partially_refunded';
  }
  shop.outbox.emit('refunds/create', rest.text(rest.refund(shop, refund)), order.id);
  return refund;
}

/*
 * { lines: [{ id|sku, quantity }], restock_type: cancel|return|no_restock, amount, shipping }.
 * Without an amount the lines' own worth is given back.
 */
function refund(shop, order, given) {
  const restock_type = given.restock_type || 'cancel';
  const lines = (given.lines || []).map((wish) => ({ line: find_line(order, wish),
    quantity: wish.quantity || 1 }));
  for (const { line, quantity } of lines) {
    const unshipped = line.quantity - line.cancelled - line.fulfilled;
    const dropped = restock_type === 'cancel' ? Math.min(quantity, unshipped) : 0;
    if (dropped > 0) fulfillment_orders.shrink(shop, order, line, dropped);
    line.cancelled += dropped;
    line.returned += quantity - dropped;
  }
  const worth = lines.reduce((sum, { line, quantity }) => sum + rest.share(line, quantity), 0);
  const amount = given.amount === undefined ? worth : parse_money(given.amount, order.currency);
  const made = add_refund(shop, order, lines, restock_type, amount, given.note);
  changed(shop, order);
  return made;
}

/* { lines: [{ id|sku, quantity }] }: the new current quantity; a sku that is new adds a line. */
function edit(shop, order, given) {
  const additions = [];
  const removals = [];
  for (const wish of given.lines) {
    const line = order.lines.find((one) => one.id === String(wish.id) || one.sku === wish.sku);
    const present = line ? line.quantity - line.cancelled - line.returned : 0;
    const delta = wish.quantity - present;
    if (delta > 0) {
      const added = line_of(shop, order, { sku: line && line.sku, ...wish, id: undefined,
        quantity: delta });
      order.lines.push(added);
      additions.push({ id: added.id, delta });
    } else if (delta < 0) {
      const unshipped = line.quantity - line.cancelled - line.fulfilled;
      if (-delta > unshipped) throw new Error('shipped units cannot be edited away');
      fulfillment_orders.shrink(shop, order, line, -delta);
      line.cancelled -= delta;
      removals.push({ id: line.id, delta: -delta });
    }
  }
  order.edited = true;
  order.updated_ms = shop.now();
  if (additions.length > 0 && order.routed) fulfillment_orders.route(shop, order);
  settle_payment(order);
  shop.outbox.emit('orders/edited', rest.text(rest.edit(shop, order, additions, removals)), order.id);
  changed(shop, order);
}

function settle_payment(order) {
  const { current_total } = rest.totals(order);
  if (order.paid > 0 && order.paid - order.refunded < current_total) {
    order.financial_status = 'partially_paid';
  }
}

/* Some fields a merchant or an app can change: shipping address, note, tags, email, attributes, properties of lines. */
function update(shop, order, given) {
  if (given.shipping_address !== undefined) {
    order.shipping_address = address_of(given.shipping_address, order.shipping_address || ADDRESS);
  }
  for (const key of ['note', 'tags', 'email', 'locale', 'note_attributes']) {
    if (given[key] !== undefined) order[key] = given[key];
  }
  for (const wish of given.lines || []) find_line(order, wish).properties = wish.properties;
  changed(shop, order);
}

/* A fulfillment was made, changed or cancelled. */
function fulfillment_changed(shop, fulfillment, what) {
  const body = rest.text(rest.fulfillment(shop, fulfillment));
  shop.outbox.emit(`fulfillments/${what}`, body, fulfillment.order.id);
  changed(shop, fulfillment.order);
}

module.exports = {
  build, create, changed, find, mark_paid, authorize, cancel, refund, edit, update,
  fulfillment_changed,
};
