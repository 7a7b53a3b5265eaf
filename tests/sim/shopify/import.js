'use strict';

/*
 * Takes a REST order body (for instance a captured webhook) into the shop, with its own ids, so
 * that the order can also be read and fulfilled.
 */

const fulfillment_orders = require('./fulfillment_orders');
const inventory = require('./inventory');
const orders = require('./orders');
const { parse_money } = require('./money');

const EXACT_DIGITS = 15;

/* JSON with its long integers as text: ids pass 2^53. */
function parse_exact(text) {
  const token = new RegExp(`"(?:[^"\\\\]|\\\\.)*"|\\d{${EXACT_DIGITS + 1},}(?![\\d.eE])`, 'g');
  return JSON.parse(text.replace(token, (found) => (found[0] === '"' ? found : `"${found}"`)));
}

function variant_of(shop, line) {
  if (line.variant_id === null || shop.variants.has(String(line.variant_id))) return;
  inventory.add_variant(shop, {
    id: line.variant_id, product_id: line.product_id, title: line.title, grams: line.grams,
    sku: line.sku || `variant-${line.variant_id}`, price: line.price, vendor: line.vendor,
    requires_shipping: line.requires_shipping,
  });
}

function sum_of(amounts, currency) {
  return amounts.reduce((sum, amount) => sum + parse_money(amount, currency), 0);
}

function words_of(body) {
  return {
    id: body.id, number: body.order_number, name: body.name, created_at: body.created_at,
    currency: body.currency, presentment_currency: body.presentment_currency,
    presentment_rate: Number(body.total_price_set.presentment_money.amount) /
      (Number(body.total_price) || 1) || 1,
    financial_status: body.financial_status, test: body.test, email: body.email || null,
    phone: body.phone, note: body.note, locale: body.customer_locale,
    tags: body.tags ? body.tags.split(', ') : [], note_attributes: body.note_attributes,
    discount_codes: body.discount_codes, source_name: body.source_name,
    taxes_included: body.taxes_included, tax: body.taxes_included ? '0' : body.total_tax,
    customer: body.customer, shipping_address: body.shipping_address,
    billing_address: body.billing_address,
    lines: body.line_items.map((line) => ({
      id: line.id, variant_id: line.variant_id, sku: line.sku, title: line.title,
      price: line.price, quantity: line.quantity, grams: line.grams,
      requires_shipping: line.requires_shipping, gift_card: line.gift_card,
      properties: line.properties,
    })),
  };
}

/* Nobody is told: the webhook that brings the body is sent apart, as the very same bytes. */
function import_order(shop, text) {
  const body = parse_exact(text);
  body.line_items.forEach((line) => variant_of(shop, line));
  const order = orders.build(shop, words_of(body));
  order.lines.forEach((line, index) => {
    const given = body.line_items[index];
    line.discount = sum_of(given.discount_allocations.map((one) => one.amount), body.currency);
    if (!line.gift_card) line.cancelled = given.quantity - given.current_quantity;
  });
  order.shipping_lines = body.shipping_lines.map((line) => ({ id: String(line.id),
    title: line.title, code: line.code, price: parse_money(line.discounted_price, body.currency) }));
  order.cancel_reason = body.cancel_reason;
  order.cancelled_ms = body.cancelled_at && Date.parse(body.cancelled_at);
  order.closed_ms = body.closed_at && Date.parse(body.closed_at);
  order.updated_ms = Date.parse(body.updated_at);
  order.refunded = sum_of(body.refunds.flatMap((refund) =>
    refund.transactions.map((one) => one.amount)), body.currency);
  order.paid = ['pending', 'authorized', 'voided'].includes(body.financial_status) ? 0
    : parse_money(body.total_price, body.currency) - parse_money(body.total_outstanding, body.currency);
  shop.orders.set(order.id, order);
  shop.outbox.action('drop', () => fulfillment_orders.route(shop, order));
  return order;
}

module.exports = { import_order };
