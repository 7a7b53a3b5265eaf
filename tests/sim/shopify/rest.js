'use strict';

/*
 * The REST shapes that webhooks carry: numeric ids, times at the shop's offset, amounts as text.
 * Checked against the recordings by shapes.test.js.
 */

const crypto = require('node:crypto');

const { rest_amount, rest_bag } = require('./money');
const { gid } = require('./ids');

const MARK = `id-${crypto.randomBytes(8).toString('hex')}-`;

/* Ids pass 2^53, so they travel as marked text until the body is written. */
function number(id) {
  return id === null || id === undefined ? null : MARK + id;
}

function text(body) {
  return JSON.stringify(body).replace(new RegExp(`"${MARK}(\\d+)"`, 'g'), '$1');
}

/* 2025-01-23T01:56:00-05:00 */
function shop_time(shop, ms) {
  if (ms === null || ms === undefined) return null;
  const local = new Date(ms + shop.offset_minutes * 60000).toISOString().slice(0, 19);
  const away = Math.abs(shop.offset_minutes);
  const two = (value) => String(value).padStart(2, '0');
  return `${local}${shop.offset_minutes < 0 ? '-' : '+'}${two(Math.floor(away / 60))}:${two(away % 60)}`;
}

/* What `quantity` units of a line cost after its discount. */
function share(line, quantity) {
  const whole = line.price * line.quantity - line.discount;
  return line.quantity === 0 ? 0 : Math.round((whole * quantity) / line.quantity);
}

function current_quantity(line) {
  return line.quantity - line.cancelled - line.returned;
}

function unfulfilled_quantity(line) {
  return line.requires_shipping ? line.quantity - line.fulfilled - line.cancelled : 0;
}

function totals(order) {
  const sum = (values) => values.reduce((total, value) => total + value, 0);
  const gross = sum(order.lines.map((line) => line.price * line.quantity));
  const discounts = sum(order.lines.map((line) => line.discount));
  const shipping = sum(order.shipping_lines.map((line) => line.price));
  const current_subtotal = sum(order.lines.map((line) => share(line, current_quantity(line))));
  const current_discounts = sum(order.lines.map((line) =>
    line.price * current_quantity(line) - share(line, current_quantity(line))));
  const emptied = order.cancelled_ms !== null && current_subtotal === 0;
  const current_tax = emptied ? 0 : order.tax;
  const current_total = current_subtotal + current_tax + (emptied ? 0 : shipping);
  return {
    gross, discounts, shipping, subtotal: gross - discounts, current_tax,
    total: gross - discounts + shipping + order.tax, current_subtotal, current_discounts, current_total,
    outstanding: Math.max(0, current_total - (order.paid - order.refunded)),
    weight: sum(order.lines.map((line) => line.grams * line.quantity)),
  };
}

/* REST word of an order's fulfilment: null, "partial" or "fulfilled". */
function fulfillment_status(order) {
  const physical = order.lines.filter((line) => line.requires_shipping);
  const shipped = physical.some((line) => line.fulfilled > 0);
  const open = physical.some((line) => unfulfilled_quantity(line) > 0);
  if (physical.length === 0) return 'fulfilled';
  if (!shipped) return null;
  return open ? 'partial' : 'fulfilled';
}

function discount_allocations(order, line) {
  if (line.discount === 0) return [];
  return [{ amount: rest_amount(line.discount, order.currency),
    amount_set: rest_bag(order, line.discount), discount_application_index: 0 }];
}

function tax_lines(order, line) {
  if (line.tax === 0) return [];
  return [{ title: 'Tax', rate: 0.1, channel_liable: false, price: rest_amount(line.tax, order.currency), price_set: rest_bag(order, line.tax) }];
}

function line_item(order, line) {
  const fulfilled = line.fulfilled > 0 && unfulfilled_quantity(line) === 0;
  return {
    id: number(line.id), admin_graphql_api_id: gid('LineItem', line.id), attributed_staffs: [],
    current_quantity: current_quantity(line), fulfillable_quantity: unfulfilled_quantity(line),
    fulfillment_service: 'manual',
    fulfillment_status: fulfilled ? 'fulfilled' : line.fulfilled > 0 ? 'partial' : null,
    gift_card: line.gift_card, grams: line.grams,
    name: line.variant_title ? `${line.title} - ${line.variant_title}` : line.title,
    price: rest_amount(line.price, order.currency), price_set: rest_bag(order, line.price),
    product_exists: line.variant !== null, product_id: number(line.product_id),
    properties: line.properties, quantity: line.quantity,
    requires_shipping: line.requires_shipping, sku: line.sku, taxable: true, title: line.title,
    total_discount: '0.00', total_discount_set: rest_bag(order, 0),
    variant_id: number(line.variant && line.variant.id),
    variant_inventory_management: line.variant && line.variant.item.tracked ? 'shopify' : null,
    variant_title: line.variant_title, vendor: line.vendor, tax_lines: tax_lines(order, line), duties: [],
    discount_allocations: discount_allocations(order, line),
  };
}

function shipping_line(order, line) {
  const amount = rest_amount(line.price, order.currency);
  const amounts = rest_bag(order, line.price);
  return {
    id: number(line.id), carrier_identifier: null, code: line.code,
    current_discounted_price_set: amounts, discounted_price: amount, discounted_price_set: amounts,
    is_removed: false, phone: null, price: amount, price_set: amounts,
    requested_fulfillment_service_id: null, source: 'shopify', title: line.title, tax_lines: [],
    discount_allocations: [],
  };
}

function address(given) {
  if (given === null) return null;
  return {
    first_name: given.first_name, address1: given.address1, phone: given.phone, city: given.city,
    zip: given.zip, province: given.province, country: given.country, last_name: given.last_name,
    address2: given.address2, company: given.company, latitude: null, longitude: null,
    name: given.name, country_code: given.country_code, province_code: given.province_code,
  };
}

function customer(shop, order) {
  const who = order.customer;
  if (who === null) return null;
  const created_at = shop_time(shop, who.created_ms);
  return {
    id: number(who.id), email: who.email, created_at, updated_at: created_at,
    first_name: who.first_name, last_name: who.last_name, state: 'disabled', note: null,
    verified_email: true, multipass_identifier: null, tax_exempt: false, phone: who.phone,
    email_marketing_consent: null, sms_marketing_consent: null, tags: '', currency: order.currency,
    tax_exemptions: [], admin_graphql_api_id: gid('Customer', who.id), default_address: null,
  };
}

/* Pairs `name` (text) and `name_set` (both currencies), as REST repeats every amount. */
function amounts(order, entries) {
  const out = {};
  for (const [name, minor] of Object.entries(entries)) {
    out[name] = rest_amount(minor, order.currency);
    out[`${name}_set`] = rest_bag(order, minor);
  }
  return out;
}

function order(shop, given) {
  const sums = totals(given);
  const zero_set = rest_bag(given, 0);
  const discounts = given.lines.reduce((sum, line) => sum + line.discount, 0);
  return {
    id: number(given.id), admin_graphql_api_id: gid('Order', given.id), app_id: 1354745,
    browser_ip: '203.0.113.7', buyer_accepts_marketing: false, cancel_reason: given.cancel_reason,
    cancelled_at: shop_time(shop, given.cancelled_ms), cart_token: null, checkout_id: null,
    checkout_token: null, client_details: null, closed_at: shop_time(shop, given.closed_ms),
    company: null, confirmation_number: given.token.slice(0, 9).toUpperCase(), confirmed: true,
    contact_email: given.email, created_at: shop_time(shop, given.created_ms),
    currency: given.currency, current_shipping_price_set: rest_bag(given, sums.shipping),
    current_total_additional_fees_set: null, current_total_duties_set: null,
    ...amounts(given, {
      current_subtotal_price: sums.current_subtotal, current_total_discounts: sums.current_discounts,
      current_total_price: sums.current_total, current_total_tax: sums.current_tax,
      subtotal_price: sums.subtotal,
      total_discounts: sums.discounts, total_line_items_price: sums.gross, total_price: sums.total,
      total_tax: given.tax,
    }),
    customer_locale: given.locale, device_id: null, discount_codes: given.discount_codes,
    duties_included: false, email: given.email || '', estimated_taxes: false,
    financial_status: given.financial_status, fulfillment_status: fulfillment_status(given),
    landing_site: null, landing_site_ref: null, location_id: null,
    merchant_business_entity_id: 'MTU0ODM4MDAwOQ', merchant_of_record_app_id: null,
    name: given.name, note: given.note, note_attributes: given.note_attributes,
    number: given.number - 1000, order_number: given.number,
    order_status_url: `https://${shop.domain}/${shop.id}/orders/${given.token}/authenticate?key=x`,
    original_total_additional_fees_set: null, original_total_duties_set: given.duties ? rest_bag(given, given.duties) : null,
    payment_gateway_names: ['bogus'], phone: given.phone, po_number: null,
    presentment_currency: given.presentment_currency,
    processed_at: shop_time(shop, given.processed_ms), reference: null, referring_site: null,
    source_identifier: null, source_name: given.source_name, source_url: null,
    tags: given.tags.join(', '), tax_exempt: false, tax_lines: [],
    taxes_included: given.taxes_included,
    test: given.test, token: given.token,
    total_cash_rounding_payment_adjustment_set: zero_set,
    total_cash_rounding_refund_adjustment_set: zero_set,
    total_outstanding: rest_amount(sums.outstanding, given.currency),
    total_shipping_price_set: rest_bag(given, sums.shipping),
    total_tip_received: rest_amount(0, given.currency), total_weight: sums.weight,
    updated_at: shop_time(shop, given.updated_ms), user_id: null,
    billing_address: address(given.billing_address), customer: customer(shop, given),
    discount_applications: discounts === 0 ? [] : [{
      target_type: 'line_item', type: 'manual', value: rest_amount(discounts, given.currency),
      value_type: 'fixed_amount', allocation_method: 'across', target_selection: 'explicit',
      title: 'Discount', description: 'Discount' }],
    fulfillments: given.fulfillments.map((one) => fulfillment(shop, one)),
    line_items: given.lines.map((line) => line_item(given, line)), payment_terms: null,
    refunds: given.refunds.map((one) => refund(shop, one)),
    shipping_address: address(given.shipping_address),
    shipping_lines: given.shipping_lines.map((line) => shipping_line(given, line)), returns: [],
  };
}

function fulfillment(shop, given) {
  const numbers = given.tracking.map((one) => one.number);
  const urls = given.tracking.map((one) => one.url).filter(Boolean);
  return {
    id: number(given.id), order_id: number(given.order.id), status: given.status.toLowerCase(),
    created_at: shop_time(shop, given.created_ms), service: 'manual',
    updated_at: shop_time(shop, given.updated_ms),
    tracking_company: given.tracking.length ? given.tracking[0].company : null,
    shipment_status: null, location_id: number(given.location_id), origin_address: {},
    email: given.order.email, destination: address(given.order.shipping_address),
    line_items: given.lines.map(({ line, quantity }) => ({
      ...line_item(given.order, line), quantity })),
    tracking_number: numbers[0] || null, tracking_numbers: numbers,
    tracking_url: urls[0] || null, tracking_urls: urls, receipt: {}, name: given.name,
    admin_graphql_api_id: gid('Fulfillment', given.id),
  };
}

function refund(shop, given) {
  const { order: of } = given;
  const created_at = shop_time(shop, given.created_ms);
  const money = (minor) => Number(rest_amount(minor, of.currency));
  return {
    id: number(given.id), admin_graphql_api_id: gid('Refund', given.id), created_at,
    note: given.note, order_id: number(of.id), processed_at: created_at,
    restock: given.restock_type !== 'no_restock', return: null, refund_shipping_lines: [],
    total_duties_set: rest_bag(of, 0), user_id: null, order_adjustments: [],
    transactions: given.amount === 0 ? [] : [{
      id: number(given.transaction_id),
      admin_graphql_api_id: gid('OrderTransaction', given.transaction_id),
      amount: rest_amount(given.amount, of.currency), authorization: null, created_at,
      currency: of.currency, device_id: null, error_code: null, gateway: 'bogus', kind: 'refund',
      location_id: null, message: null, order_id: number(of.id), parent_id: null,
      payment_id: `${of.name}.1`, processed_at: created_at, receipt: {}, source_name: '1830279',
      status: 'success', test: of.test, user_id: null }],
    refund_line_items: given.lines.map(({ id, line, quantity, subtotal }) => ({
      id: number(id), line_item_id: number(line.id), location_id: null, quantity,
      restock_type: given.restock_type, subtotal: money(subtotal),
      subtotal_set: rest_bag(of, subtotal), total_tax: 0, total_tax_set: rest_bag(of, 0),
      line_item: line_item(of, line) })),
    duties: [],
  };
}

function edit(shop, given, additions, removals) {
  const now = shop_time(shop, shop.now());
  const deltas = (list) => list.map(({ id, delta }) => ({ id: number(id), delta }));
  return { order_edit: {
    id: number(shop.next_id('OrderEdit')), app_id: null, created_at: now, committed_at: now,
    notify_customer: false, order_id: number(given.id), staff_note: '', user_id: null,
    line_items: { additions: deltas(additions), removals: deltas(removals) },
    discounts: { line_item: { additions: [], removals: [] } },
    shipping_lines: { additions: [], removals: [] },
  } };
}

/* The bodies of app/uninstalled and of the three compliance topics. */
function shop_body(shop, topic, given = {}) {
  const who = { shop_id: number(shop.id), shop_domain: shop.domain };
  if (topic === 'shop/redact') return who;
  if (topic === 'customers/data_request' || topic === 'customers/redact') {
    const orders = (given.orders || []).map(number);
    const whom = { id: number(given.customer_id || '191167'), email: given.email || null, phone: null };
    return topic === 'customers/redact' ? { ...who, customer: whom, orders_to_redact: orders }
      : { ...who, customer: whom, orders_requested: orders, data_request: { id: 9999 } };
  }
  return { id: number(shop.id), name: shop.name, email: shop.email, domain: shop.domain,
    currency: shop.currency, iana_timezone: shop.timezone, myshopify_domain: shop.domain,
    plan_name: 'enterprise', primary_locale: 'en' };
}

module.exports = {
  text, shop_time, share, current_quantity, unfulfilled_quantity, totals, fulfillment_status,
  order, fulfillment, refund, edit, shop_body,
};
