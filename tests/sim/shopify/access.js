'use strict';

/*
 * Access scopes: which root fields need which, and how a missing one shows. A write scope implies
 * its read scope. Fulfillment orders of a 3PL need a scope of their own, or are simply not there.
 */

const { GraphQLError } = require('../lib/graphql');
const fulfillment_orders = require('./fulfillment_orders');

const FULFILLMENT_ORDERS = ['assigned', 'merchant_managed', 'third_party', 'marketplace'];
const read_work = FULFILLMENT_ORDERS.map((kind) => `read_${kind}_fulfillment_orders`);
const write_work = FULFILLMENT_ORDERS.map((kind) => `write_${kind}_fulfillment_orders`);

/* Any one of the scopes is enough. */
const REQUIRED = {
  order: ['read_orders'], orders: ['read_orders'], ordersCount: ['read_orders'],
  orderByIdentifier: ['read_orders'], fulfillment: ['read_orders', 'read_fulfillments'],
  fulfillmentOrder: read_work, fulfillmentOrders: read_work,
  location: ['read_locations'], locations: ['read_locations'],
  productVariant: ['read_products'], productVariants: ['read_products'],
  inventoryItem: ['read_inventory'], inventoryItems: ['read_inventory'],
  inventorySetQuantities: ['write_inventory'],
  fulfillmentCreate: write_work, fulfillmentTrackingInfoUpdate: write_work,
  fulfillmentCancel: write_work, fulfillmentOrderMove: write_work,
  fulfillmentOrderSplit: write_work, fulfillmentOrderHold: write_work,
  fulfillmentOrderReleaseHold: write_work, fulfillmentOrderReportProgress: write_work,
  fulfillmentOrderOpen: write_work,
};

function has(shop, scope) {
  return shop.scopes.includes(scope) || shop.scopes.includes(scope.replace(/^read_/, 'write_'));
}

function check(shop, field) {
  const wanted = REQUIRED[field];
  if (!wanted || wanted.some((scope) => has(shop, scope))) return;
  const named = wanted.map((scope) => `\`${scope}\` access scope`);
  const last = named.pop();
  const text = `${named.length ? `${named.join(', ')} or ` : ''}${last}.`;
  throw new GraphQLError(`Access denied for ${field} field. Required access: ${text}`, {
    extensions: { code: 'ACCESS_DENIED', requiredAccess: text,
      documentation: 'https://shopify.dev/api/usage/access-scopes' },
  });
}

/* A missing scope looks like missing work. */
function sees(shop, fulfillment_order) {
  const kind = fulfillment_orders.at_service(shop, fulfillment_order) ? 'third_party'
    : 'merchant_managed';
  return has(shop, `read_${kind}_fulfillment_orders`);
}

module.exports = { check, sees };
