'use strict';

const assert = require('node:assert');
const test = require('node:test');

const { SHOP, call, simulate } = require('./lib/harness');

const gid = (kind, id) => `gid://shopify/${kind}/${id}`;

const CREATE = `mutation FulfillmentCreate($f: FulfillmentInput!) {
  fulfillmentCreate(fulfillment: $f) {
    fulfillment { id totalQuantity trackingInfo(first: 5) { company number url } }
    userErrors { field message }
  }
}`;
const MOVE = `mutation FoMove($id: ID!, $to: ID!, $items: [FulfillmentOrderLineItemInput!]) {
  fulfillmentOrderMove(id: $id, newLocationId: $to, fulfillmentOrderLineItems: $items) {
    movedFulfillmentOrder { id assignedLocation { location { name } } }
    originalFulfillmentOrder { id status }
    userErrors { code field message }
  }
}`;
const CHANGED = `query OrdersUpdatedSince($first: Int!, $after: String, $query: String!) {
  orders(first: $first, after: $after, query: $query, sortKey: UPDATED_AT) {
    nodes { id name updatedAt }
    pageInfo { hasNextPage endCursor }
  }
}`;

async function ready(t, shop) {
  const world = await simulate(t, shop);
  await world.shop('/variants', [
    { sku: 'A', grams: 200, stock: { East: 50, West: 50 } },
    { sku: 'B', grams: 900, stock: { East: 50, West: 50 } },
    { sku: 'EASTERN', stock: { East: 50 } },
  ]);
  const token = await world.token();
  world.run = async (query, variables) => (await world.ask(token, query, variables)).body;
  world.fulfill = async (works, extra) => (await world.run(CREATE, { f: {
    lineItemsByFulfillmentOrder: works.map((work) => (typeof work === 'string'
      ? { fulfillmentOrderId: gid('FulfillmentOrder', work) } : work)), ...extra,
  } })).data.fulfillmentCreate;
  world.move = async (work, location_id, items) => (await world.run(MOVE, {
    id: gid('FulfillmentOrder', work.id), to: gid('Location', location_id), items,
  })).data.fulfillmentOrderMove;
  world.location_id = async (name) => {
    const { data } = await world.run('{ locations(first: 9) { nodes { id name } } }');
    return data.locations.nodes.find((one) => one.name === name).id.split('/').pop();
  };
  return world;
}

const two_lines = [{ sku: 'A', quantity: 2 }, { sku: 'B', quantity: 1 }];

test('a token is granted for client credentials, as form and as JSON, and counted', async (t) => {
  const { urls, books } = await simulate(t);
  const url = `${urls.shopify}/${SHOP}/admin/oauth/access_token`;
  const form = await call('POST', url,
    'grant_type=client_credentials&client_id=sim-client&client_secret=hush',
    { 'content-type': 'application/x-www-form-urlencoded' });
  assert.strictEqual(form.status, 200);
  assert.deepStrictEqual(Object.keys(form.body), ['access_token', 'scope', 'expires_in']);
  assert.strictEqual(form.body.expires_in, 86399);
  const wrong = await call('POST', url, { grant_type: 'client_credentials',
    client_id: 'sim-client', client_secret: 'nope' });
  assert.strictEqual(wrong.status, 401);
  assert.strictEqual((await books('shopify')).shops[SHOP].token_grants, 1);
});

test('a token ends with its time', async (t) => {
  const world = await simulate(t, { token_life_s: 60 });
  const token = await world.token();
  assert.strictEqual((await world.ask(token, '{ shop { name } }')).status, 200);
  await world.skip_ms(61000);
  const late = await world.ask(token, '{ shop { name } }');
  assert.strictEqual(late.status, 401);
  assert.match(late.body.errors, /^\[API\] Invalid API key or access token/);
});

test('fulfilling takes the quantities down, closes the work and shows in the books', async (t) => {
  const world = await ready(t);
  const order = await world.shop('/orders', { lines: two_lines });
  const [work] = order.fulfillment_orders;
  const part = await world.fulfill([{ fulfillmentOrderId: gid('FulfillmentOrder', work.id),
    fulfillmentOrderLineItems: [{ id: gid('FulfillmentOrderLineItem', work.lines[0].id), quantity: 1 }],
  }], { trackingInfo: { company: 'UPS', number: '1Z1' }, notifyCustomer: true });
  assert.deepStrictEqual(part.userErrors, []);
  assert.strictEqual(part.fulfillment.totalQuantity, 1);
  const rest = await world.fulfill([work.id], { trackingInfo: { number: '1Z2' } });
  assert.strictEqual(rest.fulfillment.totalQuantity, 2);

  const [entry] = (await world.shop_books()).orders;
  assert.strictEqual(entry.fulfillment_status, 'fulfilled');
  assert.strictEqual(entry.fulfillment_orders[0].status, 'CLOSED');
  assert.deepStrictEqual(entry.fulfillments.map((one) => [one.tracking[0].number,
    one.notify_customer, one.location, one.lines.map(({ sku, quantity }) => [sku, quantity])]), [
    ['1Z1', true, 'East', [['A', 1]]], ['1Z2', false, 'East', [['A', 1], ['B', 1]]]]);
});

test('one fulfillment is of one location and one delivery method', async (t) => {
  const world = await ready(t);
  const split = await world.shop('/orders', { lines: [{ sku: 'A', location: 'East' },
    { sku: 'B', location: 'West' }] });
  const refused = await world.fulfill(split.fulfillment_orders.map((work) => work.id));
  assert.deepStrictEqual(refused, { fulfillment: null, userErrors: [{ field: ['fulfillment'],
    message: 'All fulfillment orders must be assigned to a single location' }] });
  const mixed = await world.shop('/orders', { lines: [{ sku: 'A' }, { sku: 'B', delivery: 'PICK_UP' }] });
  const { userErrors } = await world.fulfill(mixed.fulfillment_orders.map((work) => work.id));
  assert.strictEqual(userErrors[0].message,
    'All fulfillment orders must have the same delivery method type');
});

test('too many units are refused with the path of the quantity', async (t) => {
  const world = await ready(t);
  const order = await world.shop('/orders', { lines: two_lines });
  const [work] = order.fulfillment_orders;
  const refused = await world.fulfill([{ fulfillmentOrderId: gid('FulfillmentOrder', work.id),
    fulfillmentOrderLineItems: [{ id: gid('FulfillmentOrderLineItem', work.lines[0].id), quantity: 3 }],
  }]);
  assert.deepStrictEqual(refused.userErrors, [{ field: ['fulfillment', 'lineItemsByFulfillmentOrder',
    '0', 'fulfillmentOrderLineItems', '0', 'quantity'],
  message: 'Invalid fulfillment order line item quantity requested.' }]);
  assert.deepStrictEqual((await world.shop_books()).orders[0].fulfillments, []);
});

test('work that is closed, held, scheduled or at a 3PL is not fulfilled', async (t) => {
  const world = await ready(t);
  await world.shop('/locations', { name: 'Acme 3PL', is_fulfillment_service: true });
  const message = async (given) => {
    const order = await world.shop('/orders', { lines: [{ sku: 'A' }], ...given });
    const { id } = order.fulfillment_orders[0];
    return (await world.fulfill([id])).userErrors[0].message.replace(id, 'ID');
  };
  assert.strictEqual(await message({ hold: 'OTHER' }),
    'Fulfillment order ID has an unfulfillable status= on_hold.');
  assert.strictEqual(await message({ fulfill_at: '2099-01-01T00:00:00Z' }),
    'Fulfillment order ID has an unfulfillable status= scheduled.');
  assert.strictEqual(await message({ location: 'Acme 3PL' }),
    'The api_client does not have access to the fulfillment order.');

  const order = await world.shop('/orders', { lines: [{ sku: 'A' }] });
  const { id } = order.fulfillment_orders[0];
  assert.deepStrictEqual((await world.fulfill([id])).userErrors, []);
  assert.match((await world.fulfill([id])).userErrors[0].message, /unfulfillable status= closed/);
});

test('a hold that is released can be fulfilled', async (t) => {
  const world = await ready(t);
  const order = await world.shop('/orders', { lines: [{ sku: 'A' }], hold: 'OTHER' });
  const { id } = order.fulfillment_orders[0];
  await world.shop(`/fulfillment_orders/${id}/release`, {});
  assert.deepStrictEqual((await world.fulfill([id])).userErrors, []);
});

test('a whole move keeps its id, a partial one and one to a neighbour get a new id', async (t) => {
  const world = await ready(t);
  const [east, west] = [await world.location_id('East'), await world.location_id('West')];
  const whole = await world.shop('/orders', { lines: two_lines });
  const [work] = whole.fulfillment_orders;
  const moved = await world.move(work, west);
  assert.strictEqual(moved.movedFulfillmentOrder.id, gid('FulfillmentOrder', work.id));
  assert.strictEqual(moved.movedFulfillmentOrder.assignedLocation.location.name, 'West');

  const part = await world.move(work, east,
    [{ id: gid('FulfillmentOrderLineItem', work.lines[0].id), quantity: 1 }]);
  assert.notStrictEqual(part.movedFulfillmentOrder.id, gid('FulfillmentOrder', work.id));
  assert.strictEqual(part.originalFulfillmentOrder.status, 'OPEN');

  const rest = await world.move(work, east);
  assert.strictEqual(rest.originalFulfillmentOrder.status, 'CLOSED');
  const [entry] = (await world.shop_books()).orders;
  const open = entry.fulfillment_orders.filter((one) => one.status === 'OPEN');
  assert.strictEqual(open.length, 2);
  assert.strictEqual(open.flatMap((one) => one.lines).reduce((sum, one) => sum + one.remaining, 0), 3);
});

test('a move is refused after progress, to where it is not stocked, and from a 3PL', async (t) => {
  const world = await ready(t);
  const [east, west] = [await world.location_id('East'), await world.location_id('West')];
  const order = await world.shop('/orders', { lines: [{ sku: 'EASTERN' }] });
  const [work] = order.fulfillment_orders;
  assert.deepStrictEqual((await world.move(work, west)).userErrors[0].field, ['newLocationId']);
  assert.deepStrictEqual((await world.move(work, east)).userErrors[0].field, ['newLocationId']);

  const begun = (await world.shop('/orders', { lines: [{ sku: 'A' }] })).fulfillment_orders[0];
  await world.shop(`/fulfillment_orders/${begun.id}/progress`, {});
  assert.deepStrictEqual((await world.move(begun, west)).userErrors, [{ field: ['id'],
    code: 'CANNOT_MOVE_FULFILLMENT_ORDER_WITH_REPORTED_PROGRESS',
    message: 'Cannot move a fulfillment order that has progress reported.' }]);

  await world.shop('/locations', { name: 'Acme 3PL', is_fulfillment_service: true });
  const given = (await world.shop('/orders', { lines: [{ sku: 'A', location: 'Acme 3PL' }] }))
    .fulfillment_orders[0];
  await world.shop(`/fulfillment_orders/${given.id}/request`, { request_status: 'ACCEPTED' });
  assert.strictEqual((await world.move(given, west)).userErrors.length, 1);
});

test('fulfillment orders may come after the order', async (t) => {
  const world = await ready(t);
  const order = await world.shop('/orders', { lines: two_lines, routing: 'later' });
  assert.deepStrictEqual(order.fulfillment_orders, []);
  const routed = await world.shop(`/orders/${order.id}/route`, {});
  assert.strictEqual(routed.fulfillment_orders.length, 1);
});

test('a sweep pages through what changed since, in order', async (t) => {
  const world = await ready(t);
  await world.shop('/orders', [1, 2, 3, 4, 5].map(() => ({ lines: [{ sku: 'A' }] })));
  await world.skip_ms(60000);
  const since = new Date(Date.now() + 30000).toISOString().slice(0, 19);
  for (const number of [1004, 1002, 1003]) {
    await world.skip_ms(1000);
    await world.shop(`/orders/${number}/touch`, {});
  }
  const query = `updated_at:>='${since}Z'`;
  const first = (await world.run(CHANGED, { first: 2, query })).data.orders;
  assert.deepStrictEqual(first.nodes.map((one) => one.name), ['#1004', '#1002']);
  assert.strictEqual(first.pageInfo.hasNextPage, true);
  const next = (await world.run(CHANGED, { first: 2, after: first.pageInfo.endCursor, query }))
    .data.orders;
  assert.deepStrictEqual(next.nodes.map((one) => one.name), ['#1003']);
  assert.strictEqual(next.pageInfo.hasNextPage, false);
});

test('the bucket runs dry, answers THROTTLED with HTTP 200, and fills with time', async (t) => {
  const world = await ready(t, { plan: { maximum: 100, restore_per_s: 10 } });
  const dear = '{ orders(first: 90) { nodes { id } } }';
  const { extensions } = await world.run(dear);
  assert.strictEqual(extensions.cost.requestedQueryCost, 90);
  assert.strictEqual(extensions.cost.actualQueryCost, 0);
  assert.strictEqual(extensions.cost.throttleStatus.maximumAvailable, 100);

  await world.shop('/settings', { plan: { maximum: 100 } });
  await world.shop('/orders', Array.from({ length: 60 }, () => ({ lines: [{ sku: 'A' }] })));
  await world.run(dear);
  const refused = await world.run(dear);
  assert.strictEqual(refused.data, undefined);
  assert.strictEqual(refused.errors[0].extensions.code, 'THROTTLED');
  assert.strictEqual(refused.extensions.cost.actualQueryCost, null);
  await world.skip_ms(10000);
  assert.strictEqual((await world.run(dear)).data.orders.nodes.length, 60);
});

test('one query may not cost more than the limit', async (t) => {
  const world = await ready(t);
  const { errors } = await world.run(
    '{ orders(first: 100) { nodes { id lineItems(first: 20) { nodes { id } } } } }');
  assert.strictEqual(errors[0].extensions.code, 'MAX_COST_EXCEEDED');
});

test('a missing scope denies the field, or hides the work', async (t) => {
  const world = await ready(t, { scopes: ['read_orders', 'read_third_party_fulfillment_orders'] });
  const order = await world.shop('/orders', { lines: [{ sku: 'A' }] });
  const denied = await world.run('{ locations(first: 1) { nodes { id } } }');
  assert.deepStrictEqual(denied.data, { locations: null });
  assert.strictEqual(denied.errors[0].extensions.code, 'ACCESS_DENIED');
  const seen = await world.run(`{ order(id: "${gid('Order', order.id)}") {
    fulfillmentOrders(first: 5) { nodes { id } } } }`);
  assert.deepStrictEqual(seen.data.order.fulfillmentOrders.nodes, []);
});

test('setting stock needs a key and the quantity it changes from', async (t) => {
  const world = await ready(t);
  const set = (directive, quantity) => world.run(`mutation { inventorySetQuantities(input: {
    name: "available", reason: "correction", quantities: [{ ${quantity}
      inventoryItemId: "gid://shopify/InventoryItem/46000000000001",
      locationId: "gid://shopify/Location/73153839001" }] }) ${directive} {
    inventoryAdjustmentGroup { changes { name delta } } userErrors { code } } }`);
  const key = '@idempotent(key: "k1")';
  const code = ({ errors }) => errors[0].extensions.code;
  assert.strictEqual(code(await set('', 'quantity: 7 changeFromQuantity: 50')), 'BAD_REQUEST');
  assert.strictEqual(code(await set(key, 'quantity: 7')), 'INVALID_FIELD_ARGUMENTS');
  const refused = async (wish) => (await set('@idempotent(key: "k0")', wish))
    .data.inventorySetQuantities.userErrors[0].code;
  const stale = 'quantity: 7 changeFromQuantity: 9';
  assert.strictEqual(await refused(stale), 'CHANGE_FROM_QUANTITY_STALE');
  assert.strictEqual(await refused(stale), 'IDEMPOTENCY_PREVIOUS_ATTEMPT_FAILED');
  assert.strictEqual(await refused('quantity: 8 changeFromQuantity: 9'),
    'IDEMPOTENCY_KEY_PARAMETER_MISMATCH');
  const good = await set(key, 'quantity: 7 changeFromQuantity: 50');
  assert.deepStrictEqual(good.data.inventorySetQuantities.inventoryAdjustmentGroup.changes[0],
    { name: 'available', delta: -43 });
  assert.deepStrictEqual((await set(key, 'quantity: 7 changeFromQuantity: 50')).data, good.data);
});

test('edits, refunds and cancellations take open units away', async (t) => {
  const world = await ready(t);
  const order = await world.shop('/orders', { lines: two_lines });
  const edited = await world.shop(`/orders/${order.id}/edit`, { lines: [{ sku: 'A', quantity: 1 }] });
  assert.strictEqual(edited.fulfillment_orders[0].lines[0].remaining, 1);
  const refunded = await world.shop(`/orders/${order.id}/refund`, { lines: [{ sku: 'B' }] });
  assert.strictEqual(refunded.financial_status, 'partially_refunded');
  assert.deepStrictEqual(refunded.fulfillment_orders[0].lines.map((one) => one.sku), ['A']);
  const cancelled = await world.shop(`/orders/${order.id}/cancel`, {});
  assert.strictEqual(cancelled.cancelled, true);
  assert.strictEqual(cancelled.financial_status, 'refunded');
  assert.deepStrictEqual(cancelled.lines.map((one) => one.current_quantity), [0, 0]);
  assert.strictEqual((await world.shop_books()).stock.every((one) => one.committed === 0), true);
});

test('an invalid document is refused with the code of its fault', async (t) => {
  const world = await ready(t);
  const { errors } = await world.run('{ shop { warehouseCount } }');
  assert.strictEqual(errors[0].extensions.code, 'undefinedField');
  assert.strictEqual((await world.run('{ shop { id }')).errors.length, 1);
});
