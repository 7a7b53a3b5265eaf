'use strict';

/* What happened at a shop, in words a test can compare. */

const { supported_actions } = require('./fulfillment_orders');
const rest = require('./rest');
const { rest_amount } = require('./money');

function line_entry(line) {
  return {
    id: line.id, sku: line.sku, quantity: line.quantity,
    current_quantity: rest.current_quantity(line), fulfilled: line.fulfilled,
    cancelled: line.cancelled, returned: line.returned, requires_shipping: line.requires_shipping,
  };
}

function work_entry(shop, one) {
  return {
    id: one.id, status: one.status, request_status: one.request_status,
    location_id: one.location_id, location: shop.locations.get(one.location_id).name,
    supported_actions: supported_actions(shop, one),
    holds: one.holds.map((hold) => ({ id: hold.id, reason: hold.reason })),
    lines: one.lines.map((own) => ({ id: own.id, line_id: own.line.id, sku: own.line.sku,
      total: own.total, remaining: own.remaining })),
  };
}

function fulfillment_entry(shop, one) {
  return {
    id: one.id, status: one.status, location_id: one.location_id,
    location: shop.locations.get(one.location_id).name, tracking: one.tracking,
    notify_customer: one.notify_customer, message: one.message,
    lines: one.lines.map(({ line, quantity }) => ({ line_id: line.id, sku: line.sku, quantity })),
  };
}

function order_entry(shop, order) {
  return {
    id: order.id, name: order.name, currency: order.currency,
    total: rest_amount(rest.totals(order).total, order.currency),
    financial_status: order.financial_status, fulfillment_status: rest.fulfillment_status(order),
    cancelled: order.cancelled_ms !== null, test: order.test, email: order.email,
    updated_at: new Date(order.updated_ms).toISOString(), tags: order.tags,
    lines: order.lines.map(line_entry),
    fulfillment_orders: order.fulfillment_orders.map((one) => work_entry(shop, one)),
    fulfillments: order.fulfillments.map((one) => fulfillment_entry(shop, one)),
    refunds: order.refunds.map((one) => ({ id: one.id,
      amount: rest_amount(one.amount, order.currency), restock_type: one.restock_type,
      lines: one.lines.map(({ line, quantity }) => ({ sku: line.sku, quantity })) })),
  };
}

function stock_entries(shop) {
  return [...shop.variants.values()].flatMap((variant) =>
    [...variant.item.levels].map(([location_id, level]) => ({
      sku: variant.sku, location: shop.locations.get(location_id).name,
      available: level.available, committed: level.committed })));
}

function shop_books(shop) {
  return {
    token_grants: shop.token_grants, webhooks: shop.outbox.books(), stock: stock_entries(shop),
    orders: [...shop.orders.values()].map((order) => order_entry(shop, order)),
  };
}

module.exports = { shop_books, order_entry };
