'use strict';

/*
 * The body of an order's webhook, whole, from a few words: what a test says replaces what it would be.
 */

const ADDRESS = {
  name: 'Ada Lovelace', company: null, address1: '965 Mission Street', address2: null, city: 'San Francisco',
  province: 'California', province_code: 'CA', zip: '94103', country_code: 'US', phone: '+15553419393',
};

let last_id = 7000000000;

function line_body(given) {
  last_id += 1;
  const line = {
    id: last_id, variant_id: null, sku: 'A', title: 'A thing', variant_title: null, quantity: 1,
    requires_shipping: true, gift_card: false, grams: 200, price: '10.00', discount_allocations: [], ...given,
  };
  return { current_quantity: line.quantity, ...line };
}

function order_body({ lines = [{}], ...given } = {}) {
  last_id += 1;
  const now = new Date().toISOString();
  return {
    id: last_id, name: `#${last_id}`, created_at: now, processed_at: now, updated_at: now, cancelled_at: null,
    cancel_reason: null,
    financial_status: 'paid', test: false, currency: 'USD', presentment_currency: 'USD', total_price: '10.00',
    current_total_price: '10.00', total_outstanding: '0.00', email: 'ada@example.com', phone: null,
    customer_locale: 'en', note: null,
    shipping_address: { ...ADDRESS }, billing_address: null, line_items: lines.map(line_body),
    shipping_lines: [{ title: 'Standard', code: 'standard', is_removed: false }], refunds: [], ...given,
  };
}

module.exports = { ADDRESS, order_body };
