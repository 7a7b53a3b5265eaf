'use strict';

const assert = require('node:assert');
const crypto = require('node:crypto');
const test = require('node:test');

const { receiver, simulate } = require('./lib/harness');

const LINES = [{ sku: 'A', quantity: 1 }];

async function ready(t, status_of) {
  const world = await simulate(t);
  const taker = await receiver(t, status_of);
  await world.shop('/settings', { webhooks: { url: taker.url, retry_ms: [1, 1, 1] } });
  await world.shop('/variants', { sku: 'A' });
  world.idle = () => world.control('GET', `${world.urls.shopify}/_sim/webhooks/idle`);
  world.topics = () => taker.got.map((one) => one.headers['x-shopify-topic']);
  return { world, taker };
}

test('a webhook is signed over its bytes and carries every header', async (t) => {
  const { world, taker } = await ready(t);
  await world.shop('/orders', { lines: [{ sku: 'A', title: 'Grünes Hemd' }], email: 'ü@example.com' });
  await world.idle();
  const [first] = taker.got;
  const wanted = crypto.createHmac('sha256', 'hush').update(first.body).digest('base64');
  assert.strictEqual(first.headers['x-shopify-hmac-sha256'], wanted);
  assert.strictEqual(first.headers['x-shopify-shop-domain'], 'demo.myshopify.com');
  assert.strictEqual(first.headers['x-shopify-api-version'], '2026-10');
  assert.match(first.headers['x-shopify-triggered-at'], /^\d{4}-.*\.\d{9}Z$/);
  assert.strictEqual(new Set(taker.got.map((one) => one.headers['x-shopify-event-id'])).size, 1);
  assert.strictEqual(new Set(taker.got.map((one) => one.headers['x-shopify-webhook-id'])).size,
    taker.got.length);
  assert.strictEqual(JSON.parse(first.body).line_items[0].title, 'Grünes Hemd');
});

test('an order that is made, paid, shipped, edited and cancelled tells of each', async (t) => {
  const { world } = await ready(t);
  const order = await world.shop('/orders', { lines: [{ sku: 'A', quantity: 3 }],
    financial_status: 'pending' });
  await world.shop(`/orders/${order.id}/pay`, {});
  await world.shop(`/orders/${order.id}/edit`, { lines: [{ sku: 'A', quantity: 2 }] });
  const token = await world.token();
  await world.ask(token, `mutation { fulfillmentCreate(fulfillment: { lineItemsByFulfillmentOrder: [
    { fulfillmentOrderId: "gid://shopify/FulfillmentOrder/${order.fulfillment_orders[0].id}" }] }) {
    userErrors { message } } }`);
  await world.idle();
  assert.deepStrictEqual([...new Set(world.topics())].sort(), ['fulfillment_orders/order_routing_complete',
    'fulfillments/create', 'orders/create', 'orders/edited', 'orders/paid', 'orders/updated']);
});

test('ids beyond 2^53 stay exact', async (t) => {
  const { world, taker } = await ready(t);
  await world.shop('/orders', { id: '820982911946154508', lines: LINES });
  await world.idle();
  assert.match(taker.got[0].body, /^\{"id":820982911946154508,/);
});

test('what is not answered with 2xx comes again, the same delivery with the same bytes', async (t) => {
  const { world, taker } = await ready(t, (nth) => (nth <= 2 ? 503 : 200));
  await world.shop('/settings', { webhooks: { topics: ['orders/create'] } });
  await world.shop('/orders', { lines: LINES });
  await world.idle();
  assert.strictEqual(taker.got.length, 3);
  assert.strictEqual(new Set(taker.got.map((one) => one.headers['x-shopify-webhook-id'] + one.body)).size, 1);
  const { webhooks } = await world.shop_books();
  assert.deepStrictEqual([webhooks.acked, webhooks.attempts], [1, 3]);
});

test('a delivery that nobody takes has failed at last', async (t) => {
  const { world } = await ready(t, () => 500);
  await world.shop('/settings', { webhooks: { topics: ['orders/create'] } });
  await world.shop('/orders', { lines: LINES });
  await world.idle();
  const { webhooks } = await world.shop_books();
  assert.deepStrictEqual([webhooks.failed, webhooks.attempts], [1, 4]);
});

test('deliveries can be dropped, doubled and turned around', async (t) => {
  const { world, taker } = await ready(t);
  await world.shop('/orders', { lines: LINES, webhooks: 'drop' });
  await world.idle();
  assert.deepStrictEqual(world.topics(), []);

  await world.shop('/settings', { webhooks: { topics: ['orders/create', 'orders/paid'] } });
  await world.shop('/orders', { lines: LINES, webhooks: 'reverse' });
  await world.idle();
  assert.deepStrictEqual(world.topics(), ['orders/paid', 'orders/create']);

  taker.got.length = 0;
  await world.shop('/orders', { lines: LINES, webhooks: 'duplicate' });
  await world.idle();
  assert.strictEqual(taker.got.length, 4);
});

test('what was held back can arrive newest first', async (t) => {
  const { world, taker } = await ready(t);
  await world.shop('/settings', { webhooks: { topics: ['orders/create', 'orders/updated'] } });
  await world.shop('/webhooks/pause', {});
  const order = await world.shop('/orders', { lines: LINES });
  await world.shop(`/orders/${order.id}/update`, { note: 'one' });
  await world.shop(`/orders/${order.id}/update`, { note: 'two' });
  await world.shop('/webhooks/resume', { order: 'reverse' });
  await world.idle();
  assert.deepStrictEqual(taker.got.map((one) => JSON.parse(one.body).note), ['two', 'one', null]);
});

test('a compliance topic and raw bytes can be sent by hand', async (t) => {
  const { world, taker } = await ready(t);
  await world.shop('/webhooks', { topic: 'customers/redact', orders: ['820982911946154508'] });
  await world.idle();
  assert.match(taker.got[0].body, /"orders_to_redact":\[820982911946154508\]/);
  await world.shop('/webhooks', { topic: 'orders/create', body: '{"id":1' });
  await world.idle();
  assert.strictEqual(taker.got[1].body, '{"id":1');
});

test('a subscription made through the API gets its topic', async (t) => {
  const world = await simulate(t);
  const taker = await receiver(t);
  await world.shop('/variants', { sku: 'A' });
  const token = await world.token();
  const subscribe = () => world.ask(token, `mutation($s: WebhookSubscriptionInput!) {
    webhookSubscriptionCreate(topic: ORDERS_CREATE, webhookSubscription: $s) {
      webhookSubscription { id } userErrors { field message } } }`, { s: { uri: taker.url } });
  assert.deepStrictEqual((await subscribe()).body.data.webhookSubscriptionCreate.userErrors, []);
  assert.strictEqual((await subscribe()).body.data.webhookSubscriptionCreate.userErrors[0].message,
    'Address for this topic has already been taken');
  await world.shop('/orders', { lines: LINES });
  await world.control('GET', `${world.urls.shopify}/_sim/webhooks/idle`);
  assert.deepStrictEqual(taker.got.map((one) => one.headers['x-shopify-topic']), ['orders/create']);
});
