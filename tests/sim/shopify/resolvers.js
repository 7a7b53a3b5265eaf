'use strict';

/*
 * How each type of the schema reads the shop's state. A field that is not named here is the
 * snake_case property of the same name.
 */

const { gid, id_of } = require('./ids');
const { utc_time } = require('./shop');
const { graphql_bag, graphql_amount } = require('./money');
const { connection, search } = require('./pages');
const access = require('./access');
const fulfillment_orders = require('./fulfillment_orders');
const inventory = require('./inventory');
const rest = require('./rest');

const WEBHOOK_VERSION = { handle: '2026-10', display_name: '2026-10', supported: true };

const of_kind = (kind) => ({ id: (node) => gid(kind, node.id) });
const time = (name) => (node) => utc_time(node[`${name}_ms`]);
const whole_second = (ms) => Math.floor(ms / 1000) * 1000;

/* Money fields of an order: name to the sum it shows. */
function order_money(reads) {
  return Object.fromEntries(Object.entries(reads).map(([name, read]) =>
    [name, (order) => graphql_bag(order, read(order, rest.totals(order)))]));
}

function display_fulfillment_status(order) {
  const word = rest.fulfillment_status(order);
  const active = order.fulfillment_orders.filter(fulfillment_orders.is_active);
  if (word === 'fulfilled') return 'FULFILLED';
  if (word === 'partial') return 'PARTIALLY_FULFILLED';
  if (active.length > 0 && active.every((one) => one.status === 'ON_HOLD')) return 'ON_HOLD';
  if (active.length > 0 && active.every((one) => one.status === 'SCHEDULED')) return 'SCHEDULED';
  if (active.some((one) => one.status === 'IN_PROGRESS')) return 'IN_PROGRESS';
  return 'UNFULFILLED';
}

function priced_shipping_lines(order) {
  return order.shipping_lines.map((line) => ({ ...line, amounts: graphql_bag(order, line.price) }));
}

const Order = {
  ...of_kind('Order'),
  legacyResourceId: (order) => order.id,
  createdAt: time('created'), processedAt: time('processed'), updatedAt: time('updated'),
  cancelledAt: time('cancelled'), closedAt: time('closed'),
  cancelReason: (order) => order.cancel_reason && order.cancel_reason.toUpperCase(),
  closed: (order) => order.closed_ms !== null,
  confirmationNumber: (order) => order.token.slice(0, 9).toUpperCase(),
  confirmed: () => true,
  fulfillable: (order) => order.fulfillment_orders.some(fulfillment_orders.is_active),
  sourceIdentifier: () => null, poNumber: () => null,
  dutiesIncluded: () => false, customerLocale: (order) => order.locale,
  requiresShipping: (order) => order.lines.some((line) => line.requires_shipping),
  currencyCode: (order) => order.currency,
  presentmentCurrencyCode: (order) => order.presentment_currency,
  displayFinancialStatus: (order) => order.financial_status.toUpperCase(),
  displayFulfillmentStatus: display_fulfillment_status,
  returnStatus: () => 'NO_RETURN',
  fullyPaid: (order) => order.paid > 0 && rest.totals(order).outstanding === 0,
  unpaid: (order) => order.paid === 0,
  capturable: (order) => order.financial_status === 'authorized',
  refundable: (order) => order.paid > order.refunded,
  merchantEditable: (order) => order.cancelled_ms === null, merchantEditableErrors: () => [],
  subtotalLineItemsQuantity: (order) => order.lines.reduce((sum, line) => sum + line.quantity, 0),
  currentSubtotalLineItemsQuantity: (order) =>
    order.lines.reduce((sum, line) => sum + rest.current_quantity(line), 0),
  ...order_money({
    totalPriceSet: (order, sums) => sums.total,
    currentTotalPriceSet: (order, sums) => sums.current_total,
    subtotalPriceSet: (order, sums) => sums.subtotal,
    currentSubtotalPriceSet: (order, sums) => sums.current_subtotal,
    totalShippingPriceSet: (order, sums) => sums.shipping,
    currentShippingPriceSet: (order, sums) => sums.shipping,
    totalDiscountsSet: (order, sums) => sums.discounts,
    currentTotalDiscountsSet: (order, sums) => sums.current_discounts,
    totalRefundedSet: (order) => order.refunded, totalReceivedSet: (order) => order.paid,
    totalOutstandingSet: (order, sums) => sums.outstanding,
    totalTaxSet: (order) => order.tax, currentTotalTaxSet: (order, sums) => sums.current_tax,
    totalTipReceivedSet: () => 0,
  }),
  originalTotalDutiesSet: (order) => (order.duties ? graphql_bag(order, order.duties) : null),
  customAttributes: (order) => order.note_attributes.map(({ name, value }) => ({ key: name, value })),
  shippingAddress: (order) => order.shipping_address && { ...order.shipping_address, id: order.id },
  billingAddress: (order) => order.billing_address && { ...order.billing_address, id: order.id },
  shippingLine: (order) => priced_shipping_lines(order)[0] || null,
  shippingLines: (order, args) => connection(priced_shipping_lines(order), args),
  discountCodes: (order) => order.discount_codes.map((one) => one.code || one),
  paymentGatewayNames: () => ['bogus'],
  risk: () => ({ recommendation: 'ACCEPT', assessments: [{ risk_level: 'LOW' }] }),
  lineItems: (order, args) => connection(order.lines, args),
  nonFulfillableLineItems: (order, args) =>
    connection(order.lines.filter((line) => !line.requires_shipping), args),
  fulfillments: (order, args) => order.fulfillments.slice(0, args.first || undefined),
  refunds: (order, args) => order.refunds.slice(0, args.first || undefined),
  fulfillmentOrders: (order, args, { shop }) => connection(order.fulfillment_orders.filter((one) =>
    access.sees(shop, one)), args),
};

function product_of(variant) {
  return { id: variant.product_id, title: variant.product_title, status: 'ACTIVE' };
}

const LineItem = {
  ...of_kind('LineItem'),
  name: (line) => (line.variant_title ? `${line.title} - ${line.variant_title}` : line.title),
  currentQuantity: rest.current_quantity, refundableQuantity: rest.current_quantity,
  unfulfilledQuantity: rest.unfulfilled_quantity,
  nonFulfillableQuantity: (line) =>
    line.quantity - line.fulfilled - rest.unfulfilled_quantity(line),
  isGiftCard: (line) => line.gift_card, taxable: () => true,
  restockable: (line) => line.variant !== null,
  merchantEditable: (line) => rest.unfulfilled_quantity(line) > 0,
  product: (line) => line.variant && product_of(line.variant),
  lineItemGroup: () => null,
  taxLines: (line) => (line.tax === 0 ? []
    : [{ title: 'Tax', rate: 0.1, price: graphql_amount(line.tax, line.order.currency), price_set: graphql_bag(line.order, line.tax) }]),
  customAttributes: (line) => line.properties.map(({ name, value }) => ({ key: name, value })),
  originalUnitPriceSet: (line) => graphql_bag(line.order, line.price),
  originalTotalSet: (line) => graphql_bag(line.order, line.price * line.quantity),
  totalDiscountSet: (line) => graphql_bag(line.order, line.discount),
  discountedUnitPriceAfterAllDiscountsSet: (line) => graphql_bag(line.order, rest.share(line, 1)),
  discountAllocations: (line) => (line.discount === 0 ? []
    : [{ allocated_amount_set: graphql_bag(line.order, line.discount) }]),
  weight: (line) => ({ unit: 'GRAMS', value: line.grams }),
};

const FulfillmentOrder = {
  ...of_kind('FulfillmentOrder'),
  orderId: (one) => gid('Order', one.order.id), orderName: (one) => one.order.name,
  orderProcessedAt: (one) => utc_time(one.order.processed_ms),
  createdAt: time('created'), updatedAt: time('updated'),
  fulfillAt: time('fulfill_at'), fulfillBy: time('fulfill_by'),
  assignedLocation: (one, args, { shop }) => {
    const location = shop.locations.get(one.location_id);
    return { ...location.address, name: location.name, location };
  },
  destination: ({ order }) => order.shipping_address &&
    { ...order.shipping_address, id: order.id, email: order.email },
  fulfillmentHolds: (one) => one.holds, internationalDuties: () => null,
  supportedActions: (one, args, { shop }) => fulfillment_orders.supported_actions(shop, one)
    .map((action) => ({ action, external_url: null })),
  lineItems: (one, args) => connection(one.lines, args),
  fulfillments: (one, args) => connection(one.order.fulfillments.filter((fulfillment) =>
    fulfillment.fulfillment_orders.includes(one)), args),
  locationsForMove: (one, args, { shop }) => connection(locations_for_move(shop, one, args), args),
};

function locations_for_move(shop, fulfillment_order, args) {
  const wanted = args.lineItemIds.map((id) => id_of('FulfillmentOrderLineItem', id));
  const lines = fulfillment_order.lines.filter((line) => line.remaining > 0 &&
    (wanted.length === 0 || wanted.includes(line.id)));
  const others = [...shop.locations.values()].filter((location) =>
    location.is_active && location.id !== fulfillment_order.location_id);
  return others.map((location) => {
    const stocked = lines.filter((line) => inventory.stocks(line.line.variant, location.id)).length;
    const refusal = fulfillment_orders.move_refusal(shop, fulfillment_order, location);
    const short = stocked < lines.length ? 'Some items are not stocked at this location.' : null;
    const count = (number) => ({ count: number, precision: 'EXACT' });
    return {
      id: location.id, location, movable: !refusal && !short,
      message: refusal ? refusal.error.message : short,
      available_line_items_count: count(stocked),
      unavailable_line_items_count: count(lines.length - stocked),
    };
  });
}

const FulfillmentOrderLineItem = {
  ...of_kind('FulfillmentOrderLineItem'),
  lineItem: (own) => own.line, totalQuantity: (own) => own.total,
  remainingQuantity: (own) => own.remaining, sku: (own) => own.line.sku,
  inventoryItemId: ({ line }) => line.variant && gid('InventoryItem', line.variant.item.id),
  requiresShipping: (own) => own.line.requires_shipping, productTitle: (own) => own.line.title,
  variantTitle: (own) => own.line.variant_title, vendor: (own) => own.line.vendor,
  variant: (own) => own.line.variant,
  weight: (own) => ({ unit: 'GRAMS', value: own.line.grams }),
};

const Fulfillment = {
  ...of_kind('Fulfillment'),
  legacyResourceId: (one) => one.id, createdAt: time('created'), updatedAt: time('updated'),
  inTransitAt: () => null, deliveredAt: () => null, estimatedDeliveryAt: () => null,
  requiresShipping: () => true,
  totalQuantity: (one) => one.lines.reduce((sum, line) => sum + line.quantity, 0),
  trackingInfo: (one, args) => one.tracking.slice(0, args.first || undefined),
  location: (one, args, { shop }) => shop.locations.get(one.location_id),
  fulfillmentLineItems: (one, args) => connection(one.lines, args),
  fulfillmentOrders: (one, args) => connection(one.fulfillment_orders, args),
};

const Refund = {
  ...of_kind('Refund'),
  legacyResourceId: (one) => one.id, createdAt: time('created'), updatedAt: time('created'),
  processedAt: time('created'), totalRefundedSet: (one) => graphql_bag(one.order, one.amount),
  refundLineItems: (one, args) => connection(one.lines.map((line) => ({ ...line, refund: one })), args),
};

const RefundLineItem = {
  ...of_kind('RefundLineItem'),
  lineItem: (own) => own.line, location: () => null,
  restockType: (own) => own.refund.restock_type.toUpperCase(),
  restocked: (own) => own.refund.restock_type !== 'no_restock',
  subtotalSet: (own) => graphql_bag(own.refund.order, own.subtotal),
  totalTaxSet: (own) => graphql_bag(own.refund.order, 0),
};

const Location = {
  ...of_kind('Location'),
  legacyResourceId: (location) => location.id, updatedAt: time('updated'),
  shipsInventory: () => true, hasActiveInventory: () => true,
  fulfillmentService: (location) => (location.is_fulfillment_service ? {
    id: gid('FulfillmentService', location.id), service_name: location.name,
    handle: location.name.toLowerCase().replace(/\W+/g, '-') } : null),
};

const ProductVariant = {
  ...of_kind('ProductVariant'),
  legacyResourceId: (variant) => variant.id, inventoryItem: (variant) => variant.item,
  displayName: (variant) => `${variant.product_title} - ${variant.title}`,
  createdAt: time('created'), updatedAt: time('updated'), inventoryPolicy: () => 'DENY',
  inventoryQuantity: (variant) => [...variant.item.levels.values()]
    .reduce((sum, level) => sum + level.available, 0),
  price: (variant, args, { shop }) => graphql_amount(variant.price, shop.currency),
  product: product_of,
  requiresComponents: () => false, taxable: () => true,
};

const InventoryItem = {
  ...of_kind('InventoryItem'),
  legacyResourceId: (item) => item.id, createdAt: time('created'), updatedAt: time('updated'),
  requiresShipping: (item) => item.variant.requires_shipping, duplicateSkuCount: () => 0,
  variants: (item, args) => connection([item.variant], args),
  inventoryLevel: (item, args) => {
    const level = item.levels.get(id_of('Location', args.locationId));
    return level ? { item, level, id: id_of('Location', args.locationId) } : null;
  },
  inventoryLevels: (item, args) => connection([...item.levels].map(([id, level]) =>
    ({ id, level, item })), args),
};

const InventoryLevel = {
  id: (own) => inventory.level_gid(own.item, own.id),
  isActive: (own) => own.level.is_active, updatedAt: (own) => utc_time(own.item.updated_ms),
  location: (own, args, { shop }) => shop.locations.get(own.id),
  quantities: (own, args) => args.names.filter((name) => inventory.QUANTITY_NAMES.includes(name))
    .map((name) => ({ name, quantity: inventory.quantity_of(own.level, name), updated_at: null })),
};

const Shop = {
  ...of_kind('Shop'),
  myshopifyDomain: (shop) => shop.domain, currencyCode: (shop) => shop.currency,
  ianaTimezone: (shop) => shop.timezone, createdAt: time('created'),
  timezoneOffset: (shop) => rest.shop_time(shop, shop.now()).slice(-6),
  primaryDomain: (shop) => ({ id: shop.id, host: shop.domain, url: `https://${shop.domain}` }),
  plan: () => ({ public_display_name: 'Development', shopify_plus: false,
    partner_development: true }),
  enabledPresentmentCurrencies: (shop) => [shop.currency], setupRequired: () => false,
  weightUnit: () => 'GRAMS', url: (shop) => `https://${shop.domain}`,
};

const WebhookSubscription = {
  ...of_kind('WebhookSubscription'),
  legacyResourceId: (one) => one.id, apiVersion: () => WEBHOOK_VERSION,
  createdAt: time('created'), updatedAt: time('updated'), format: () => 'JSON',
};

/* Kinds of things that `node` and `nodes` find, and where the shop keeps them. */
const KEPT_IN = {
  Order: 'orders', LineItem: 'lines', FulfillmentOrder: 'fulfillment_orders',
  Fulfillment: 'fulfillments', Location: 'locations', ProductVariant: 'variants',
  InventoryItem: 'items', WebhookSubscription: 'subscriptions',
};

function get(shop, kind, reference) {
  return shop[KEPT_IN[kind]].get(id_of(kind, reference)) || null;
}

function any_node(shop, reference) {
  const found = /^gid:\/\/shopify\/(\w+)\//.exec(reference);
  if (!found || !KEPT_IN[found[1]]) return null;
  const node = get(shop, found[1], reference);
  return node && Object.assign(Object.create(node), { __typename: found[1] });
}

const one_of = (kind) => (root, args, { shop }) => get(shop, kind, args.id);

const QueryRoot = {
  shop: (root, args, { shop }) => shop,
  publicApiVersions: () => ['2026-01', '2026-04', '2026-07', '2026-10'].map((handle) =>
    ({ handle, display_name: handle, supported: true })),
  currentAppInstallation: (root, args, { shop }) => ({
    id: gid('AppInstallation', shop.app_id),
    access_scopes: shop.scopes.map((handle) => ({ handle })),
    app: { id: gid('App', shop.app_id), handle: 'waybill', title: 'Waybill',
      api_key: shop.client_id },
  }),
  order: one_of('Order'), fulfillment: one_of('Fulfillment'), location: one_of('Location'),
  productVariant: one_of('ProductVariant'), inventoryItem: one_of('InventoryItem'),
  webhookSubscription: one_of('WebhookSubscription'),
  orderByIdentifier: (root, args, { shop }) => get(shop, 'Order', args.identifier.id),
  fulfillmentOrder: (root, args, { shop }) => {
    const found = get(shop, 'FulfillmentOrder', args.id);
    return found && access.sees(shop, found) ? found : null;
  },
  node: (root, args, { shop }) => any_node(shop, args.id),
  nodes: (root, args, { shop }) => args.ids.map((id) => any_node(shop, id)),
  orders: (root, args, { shop }) => {
    const key = { UPDATED_AT: 'updated_ms', CREATED_AT: 'created_ms', PROCESSED_AT: 'processed_ms' }[
      args.sortKey];
    const chosen = [...shop.orders.values()].filter(order_filter(args.query));
    return connection(chosen, args, key ? (order) => whole_second(order[key]) : () => 0);
  },
  ordersCount: (root, args, { shop }) => ({
    count: [...shop.orders.values()].filter(order_filter(args.query)).length, precision: 'EXACT' }),
  fulfillmentOrders: (root, args, { shop }) => {
    const chosen = [...shop.fulfillment_orders.values()].filter((one) => access.sees(shop, one) &&
      (args.includeClosed || fulfillment_orders.is_active(one))).filter(search(args.query, {
      updated_at: (one) => whole_second(one.updated_ms), status: (one) => one.status,
      assigned_location_id: (one) => one.location_id, id: (one) => one.id }));
    return connection(chosen, args,
      args.sortKey === 'UPDATED_AT' ? (one) => whole_second(one.updated_ms) : () => 0);
  },
  locations: (root, args, { shop }) => connection([...shop.locations.values()].filter((location) =>
    args.includeInactive || location.is_active), args),
  productVariants: (root, args, { shop }) => connection([...shop.variants.values()].filter(
    search(args.query, { sku: (one) => one.sku, updated_at: (one) => whole_second(one.updated_ms) })),
  args),
  inventoryItems: (root, args, { shop }) => connection([...shop.items.values()].filter(
    search(args.query, { sku: (one) => one.sku })), args),
  webhookSubscriptions: (root, args, { shop }) => connection([...shop.subscriptions.values()]
    .filter((one) => (!args.topics || args.topics.includes(one.topic)) &&
      (!args.uri || one.uri === args.uri)), args),
};

function order_filter(query) {
  return search(query, {
    updated_at: (order) => whole_second(order.updated_ms),
    created_at: (order) => whole_second(order.created_ms),
    financial_status: (order) => order.financial_status, id: (order) => order.id,
    name: (order) => order.name, test: (order) => String(order.test),
  });
}

module.exports = {
  get,
  resolvers: {
    QueryRoot, Order, LineItem, FulfillmentOrder, FulfillmentOrderLineItem, Fulfillment, Refund,
    RefundLineItem, Location, ProductVariant, InventoryItem, InventoryLevel, Shop,
    WebhookSubscription,
    Product: of_kind('Product'),
    Domain: of_kind('Domain'),
    ShippingLine: {
      ...of_kind('ShippingLine'), source: () => 'shopify', carrierIdentifier: () => null,
      isRemoved: () => false, custom: () => false, deliveryCategory: () => null,
      taxLines: () => [], discountAllocations: () => [],
      originalPriceSet: (line) => line.amounts, discountedPriceSet: (line) => line.amounts,
    },
    Customer: {
      ...of_kind('Customer'), legacyResourceId: (who) => who.id, numberOfOrders: () => '1',
      displayName: (who) => [who.first_name, who.last_name].filter(Boolean).join(' '),
    },
    MailingAddress: {
      ...of_kind('MailingAddress'), countryCodeV2: (address) => address.country_code,
      formatted: (address) => [address.address1, address.city, address.country].filter(Boolean),
    },
    FulfillmentOrderDestination: of_kind('FulfillmentOrderDestination'),
    FulfillmentLineItem: { ...of_kind('FulfillmentLineItem'), lineItem: (own) => own.line },
    FulfillmentHold: {
      ...of_kind('FulfillmentHold'),
      displayReason: (hold) => hold.reason.toLowerCase().replace(/_/g, ' '),
    },
    DeliveryMethod: {
      ...of_kind('DeliveryMethod'), minDeliveryDateTime: () => null, maxDeliveryDateTime: () => null,
    },
  },
};
