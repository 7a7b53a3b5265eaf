'use strict';

/* The shapes that the simulators send, against what the real services were seen to send. */

const assert = require('node:assert');
const fs = require('node:fs');
const path = require('node:path');
const test = require('node:test');

const { CONTRACTS, skip_without_contracts } = require('../lib/contracts');
const { SHOP, call, receiver, simulate } = require('./lib/harness');

const skip = skip_without_contracts;

function recorded(...names) {
  return JSON.parse(fs.readFileSync(path.join(CONTRACTS, ...names), 'utf8'));
}

function kind_of(value) {
  if (value === null) return 'null';
  return Array.isArray(value) ? 'array' : typeof value;
}

/* What `mine` lacks or has of another kind. null fits anything; a list is as its first entry. */
function differences(mine, theirs, at = '') {
  const [kind, wanted] = [kind_of(mine), kind_of(theirs)];
  if (kind === 'null' || wanted === 'null') return [];
  if (kind !== wanted) return [`${at}: ${kind}, seen as ${wanted}`];
  if (kind === 'array') {
    return mine.length && theirs.length ? differences(mine[0], theirs[0], `${at}[0]`) : [];
  }
  if (kind !== 'object') return [];
  return Object.keys(theirs).flatMap((key) => (key in mine
    ? differences(mine[key], theirs[key], `${at}.${key}`) : [`${at}.${key}: missing`]));
}

function additions(mine, theirs) {
  return Object.keys(mine).filter((key) => !(key in theirs));
}

async function webhook_bodies(t, act) {
  const world = await simulate(t);
  const taker = await receiver(t);
  await world.shop('/settings', { webhooks: { url: taker.url } });
  await world.shop('/variants', { sku: 'A', grams: 100, price: '89.99' });
  await act(world);
  await world.control('GET', `${world.urls.shopify}/_sim/webhooks/idle`);
  return Object.fromEntries(taker.got.map((one) =>
    [one.headers['x-shopify-topic'], JSON.parse(one.body)]));
}

test('orders/create has the shape of a captured body', { skip }, async (t) => {
  const bodies = await webhook_bodies(t, (world) => world.shop('/orders', {
    lines: [{ sku: 'A', quantity: 2, discount: '5.00', properties: [{ name: 'x', value: 'y' }] }] }));
  const seen = recorded('shopify', 'fixtures', 'captured-orders-create-hkd-4lines-discount.json');
  const mine = bodies['orders/create'];
  assert.deepStrictEqual(differences(mine, seen), []);
  assert.deepStrictEqual(additions(mine, seen), []);
  assert.deepStrictEqual(additions(mine.line_items[0], seen.line_items[0]), []);
  assert.deepStrictEqual(additions(mine.shipping_lines[0], seen.shipping_lines[0]), []);
  assert.strictEqual(mine.total_price, '179.98');
  assert.match(mine.created_at, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d-05:00$/);
});

test('orders/cancelled and its refund have the shape of a captured body', { skip }, async (t) => {
  const bodies = await webhook_bodies(t, async (world) => {
    const order = await world.shop('/orders', { lines: [{ sku: 'A' }] });
    await world.shop(`/orders/${order.id}/cancel`, {});
  });
  const seen = recorded('shopify', 'fixtures', 'captured-orders-cancelled-hkd.json');
  assert.deepStrictEqual(differences(bodies['orders/cancelled'], seen), []);
  assert.deepStrictEqual(differences(bodies['refunds/create'], seen.refunds[0]), []);
  assert.strictEqual(bodies['orders/cancelled'].financial_status, 'refunded');
});

test('the other bodies have the shape of Shopify\'s samples', { skip }, async (t) => {
  const bodies = await webhook_bodies(t, async (world) => {
    const order = await world.shop('/orders', { lines: [{ sku: 'A', quantity: 3 }] });
    const [work] = order.fulfillment_orders;
    await world.shop(`/orders/${order.id}/edit`, { lines: [{ sku: 'A', quantity: 2 }] });
    await world.shop(`/fulfillment_orders/${work.id}/move`, { location: 'West' });
    await world.shop(`/fulfillment_orders/${work.id}/hold`, { reason: 'OTHER' });
    await world.shop(`/fulfillment_orders/${work.id}/release`, {});
    const token = await world.token();
    await world.ask(token, `mutation { fulfillmentCreate(fulfillment: {
      trackingInfo: { company: "UPS", number: "1Z" } lineItemsByFulfillmentOrder: [
      { fulfillmentOrderId: "gid://shopify/FulfillmentOrder/${work.id}" }] }) { userErrors { message } } }`);
    const second = await world.shop('/orders', { lines: [{ sku: 'A' }] });
    await world.shop(`/orders/${second.id}/cancel`, {});
    for (const topic of ['customers/data_request', 'customers/redact', 'shop/redact']) {
      await world.shop('/webhooks', { topic });
    }
  });
  for (const topic of ['orders/edited', 'fulfillments/create', 'refunds/create',
    'fulfillment_orders/order_routing_complete', 'fulfillment_orders/moved',
    'fulfillment_orders/placed_on_hold', 'fulfillment_orders/hold_released',
    'fulfillment_orders/cancelled', 'customers/data_request', 'customers/redact', 'shop/redact']) {
    const sample = recorded('shopify', 'fixtures', 'docs-samples', `${topic.replace('/', '-')}.json`);
    if (topic === 'refunds/create') {
      for (const only_in_docs of ['total_unsettled_set', 'manual_payment_gateway', 'amount_rounding']) {
        sample.transactions.forEach((one) => delete one[only_in_docs]);
      }
    }
    assert.deepStrictEqual(differences(bodies[topic], sample), [], topic);
  }
});

const CAPTURED = ['captured-orders-create-hkd-4lines-discount', 'captured-orders-create-hkd-plain',
  'captured-orders-create-hkd-line-discount', 'captured-orders-cancelled-hkd',
  'captured-rest-order-pln-unfulfilled', 'docs-samples/orders-create'];

for (const name of CAPTURED) {
  test(`${name} can be taken in whole and read again`, { skip }, async (t) => {
    const world = await simulate(t);
    const text = fs.readFileSync(path.join(CONTRACTS, 'shopify', 'fixtures', `${name}.json`), 'utf8');
    const entry = await world.shop('/import', text);
    assert.strictEqual(entry.id, /"id": ?(\d+)/.exec(text)[1]);
    const { body } = await world.ask(await world.token(), `{ order(id: "gid://shopify/Order/${entry.id}") {
      name cancelledAt displayFinancialStatus totalPriceSet { shopMoney { amount } } 
      lineItems(first: 50) { nodes { id quantity currentQuantity } }
      fulfillmentOrders(first: 5) { nodes { lineItems(first: 50) { nodes { remainingQuantity } } } } } }`);
    const seen = JSON.parse(text);
    const { order } = body.data;
    assert.strictEqual(order.name, seen.name);
    assert.strictEqual(order.displayFinancialStatus, seen.financial_status.toUpperCase());
    if (name.startsWith('captured')) { /* The sample's own sums do not add up. */
      assert.strictEqual(Number(order.totalPriceSet.shopMoney.amount), Number(seen.total_price));
    }
    assert.strictEqual(order.cancelledAt === null, seen.cancelled_at === null);
    assert.deepStrictEqual(order.lineItems.nodes.map((one) => [one.quantity, one.currentQuantity]),
      seen.line_items.map((one) => [one.quantity, one.current_quantity]));
    const open = order.fulfillmentOrders.nodes.flatMap((one) => one.lineItems.nodes);
    assert.strictEqual(open.reduce((sum, one) => sum + one.remainingQuantity, 0), seen.line_items
      .reduce((sum, one) => sum + (one.requires_shipping ? one.current_quantity : 0), 0));
  });
}

test('Shopify\'s errors have the recorded shape', { skip }, async (t) => {
  const world = await simulate(t, { scopes: ['read_orders'], plan: { maximum: 5, restore_per_s: 1 } });
  const error = (name) => recorded('shopify', 'fixtures', 'errors', `${name}.json`);
  const bad = await world.ask('shpat_0', '{ shop { id } }');
  assert.deepStrictEqual([bad.status, bad.body], [401, error('401-invalid-token').body]);
  const token = await world.token();
  const denied = (await world.ask(token, '{ fulfillmentOrders(first: 1) { nodes { id } } }')).body;
  const seen = error('200-access-denied-scope').body;
  assert.deepStrictEqual(differences(denied, seen), []);
  assert.deepStrictEqual([denied.data, denied.errors[0].message], [seen.data, seen.errors[0].message]);
  const throttled = (await world.ask(token, '{ orders(first: 9) { nodes { id } } }')).body;
  assert.deepStrictEqual(differences(throttled, error('200-throttled').body), []);
});

test('Shippo\'s answers have the recorded shapes', { skip }, async (t) => {
  const world = await simulate(t);
  const seen = (name, fits) => recorded('shippo', 'recordings', `${name}.json`).exchanges
    .map(({ request, response }) => ({ ...request, ...response })).find(fits).body;
  const address = { name: 'Ada', street1: '1 Way', city: 'Reno', state: 'NV', zip: '89501', country: 'US' };
  const shipment_seen = (one) => one.method === 'POST' && one.url.endsWith('/shipments/');
  const { extra } = seen('transaction.test_create', shipment_seen);
  const shipment = (await world.carrier('POST', '/shipments/', {
    extra, address_from: address, address_to: address, async: false, parcels: [{ length: '5', width: '5',
      height: '5', distance_unit: 'cm', weight: '2', mass_unit: 'lb' }] })).body;
  assert.deepStrictEqual(differences(shipment, seen('transaction.test_create', shipment_seen)), []);
  const bought = (await world.carrier('POST', '/transactions/',
    { rate: shipment.rates[0].object_id })).body;
  assert.deepStrictEqual(differences(bought, seen('transaction.test_create',
    (one) => one.method === 'POST' && one.url.endsWith('/transactions/'))), []);
  const list = (await world.carrier('GET', '/transactions/')).body;
  assert.deepStrictEqual(differences(list, seen('transaction.test_list_all', () => true)), []);
  const track = (await world.carrier('GET', '/tracks/shippo/SHIPPO_DELIVERED')).body;
  assert.deepStrictEqual(differences(track, seen('track.test_get_status', () => true)), []);
  const bare = (await world.carrier('POST', '/transactions/', {})).body;
  assert.deepStrictEqual(bare, seen('transaction.test_invalid_create', () => true));
});

test('a token is granted in the recorded shape', { skip }, async (t) => {
  const { urls } = await simulate(t);
  const { response } = recorded('shopify', 'fixtures', 'oauth', 'client-credentials.json');
  const granted = await call('POST', `${urls.shopify}/${SHOP}/admin/oauth/access_token`,
    'grant_type=client_credentials&client_id=sim-client&client_secret=hush',
    { 'content-type': 'application/x-www-form-urlencoded' });
  assert.deepStrictEqual(differences(granted.body, response.body), []);
});
