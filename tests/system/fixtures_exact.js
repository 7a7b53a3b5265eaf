'use strict';

/*
 * An order's rows against the body that the store sent, without losing a digit on the way: ids are text, money is
 * whole ten-thousandths.
 */

const assert = require('assert');

const LONG_INTEGER = /"(?:[^"\\]|\\.)*"|-?\d{16,}(?![\d.eE])/g;

function parse_exact(text) {
  return JSON.parse(text.replace(LONG_INTEGER, (token) => (token[0] === '"' ? token : `"${token}"`)));
}

/* "12.5" -> 125000n */
function units(amount) {
  const [whole, fraction = ''] = String(amount).split('.');
  return BigInt(whole) * 10000n + BigInt(fraction.padEnd(4, '0').slice(0, 4));
}

/* What one unit costs: the price less its share of the discounts, rounded half up. */
function unit_price(line) {
  const quantity = BigInt(line.quantity);
  const total = line.discount_allocations.reduce((sum, one) => sum - units(one.amount), units(line.price) * quantity);
  return (2n * total + quantity) / (2n * quantity);
}

async function check_one(db, body) {
  const order = await db.row(`SELECT id, source_id, name, is_test, currency, presentment_currency, total::text,
      outstanding::text, email, payment_status, extract(epoch FROM placed_at)::bigint AS placed,
      extract(epoch FROM source_updated_at)::bigint AS updated
    FROM orders WHERE source_id = '${body.id}'`);
  assert.deepStrictEqual({ ...order, id: null }, {
    id: null, source_id: String(body.id), name: body.name, is_test: body.test, currency: body.currency,
    presentment_currency: body.presentment_currency, total: units(body.total_price).toString(),
    outstanding: units(body.total_outstanding).toString(), email: body.email || null,
    payment_status: body.financial_status,
    placed: Date.parse(body.processed_at || body.created_at) / 1000, updated: Date.parse(body.updated_at) / 1000,
  });
  const lines = await db.rows(`SELECT source_id, variant_id, title, ordered, cancelled, unit_price::text, grams,
      needs_shipping
    FROM order_line WHERE order_id = ${order.id} ORDER BY id`);
  assert.deepStrictEqual(lines, body.line_items.map((line) => ({
    source_id: String(line.id), variant_id: line.variant_id === null ? null : String(line.variant_id),
    title: line.title, ordered: line.quantity,
    cancelled: line.quantity - (body.cancelled_at ? 0 : line.current_quantity),
    unit_price: unit_price(line).toString(), grams: line.grams, needs_shipping: line.requires_shipping,
  })));
}

module.exports = { check_one, parse_exact, units };
