'use strict';

/*
 * Bodies that real Shopify shops sent, and those of its documentation, go through a running fleet as signed webhooks,
 * byte for byte. The simulated shop has the same orders, so that they can be read and fulfilled there.
 */

const test = require('node:test');
const assert = require('assert');
const fs = require('fs');
const path = require('path');
const { World, request, until } = require('../lib');
const { CONTRACTS, skip_without_contracts } = require('../lib/contracts');
const { check_one, parse_exact, units } = require('./fixtures_exact');

const FIXTURES = path.join(CONTRACTS, 'shopify', 'fixtures');
const SAMPLES = path.join(FIXTURES, 'docs-samples');
const skip = skip_without_contracts;
const BIG = '820982911946154508'; /* of the documentation's order: beyond 2^53 */

const text_of = (file) => fs.readFileSync(path.join(FIXTURES, file), 'utf8');

let world;

/* The shop has the order; nobody was told. */
async function put_in_shop(text) {
  const url = `${world.house.sim.shopify}/_sim/shops/${world.shop}/import`;
  const { status, body } = await request(url, { method: 'POST', body: text });
  assert.strictEqual(status, 200, body.toString());
}

async function send(topic, text) {
  assert.strictEqual((await world.send(topic, text)).status, 200, topic);
}

/* Everything in the order is an item here, and there is enough of it. */
async function know_items(order) {
  for (const line of order.line_items) {
    const sku = line.sku || `V-${line.variant_id}`;
    if ((await world.house.waybill('item', 'list', '--sku', sku)).length > 0) continue;
    await world.house.waybill('item', 'add', '--sku', sku, '--grams', '250', '--hs-code', '950300',
      '--origin-country', 'HK');
    if (line.variant_id) await world.house.waybill('item', 'map', `${sku}=1`, '--variant', line.variant_id);
    await world.receive(sku, 'E', 100);
  }
}

/* What came out of it at the carrier, the shop and the customer's. */
async function check_outside(order) {
  const id = order.id.toString();
  const [parcel] = await world.db.rows(`SELECT p.tracking_number, l.cost, l.source_id AS label FROM shipment AS s
    JOIN parcel AS p ON p.shipment_id = s.id JOIN label_purchase AS l ON l.parcel_id = p.id AND l.state = 'bought'
    JOIN orders AS o ON o.id = s.order_id WHERE o.source_id = '${id}'`);
  const { transactions } = await world.house.control('shippo', 'books');
  const sold = transactions.filter((one) => one.id === parcel.label && one.tracking_number === parcel.tracking_number);
  assert.deepStrictEqual(sold.map((one) => units(one.amount).toString()), [String(parcel.cost)]);
  const at_shop = await until(`the shop to know of ${order.name}`, async () => {
    const { fulfillments } = await world.at_shop(id);
    return fulfillments.length > 0 && fulfillments;
  }, 20000);
  const told = at_shop.map(({ lines }) => lines.map((line) => `${line.line_id} x ${line.quantity}`).sort());
  assert.deepStrictEqual(told, [order.line_items.map((line) => `${line.id} x ${line.quantity}`).sort()]);
  const mail = await until(`the mail about ${order.name}`, async () => {
    const { messages } = await world.house.control('smtp', `messages?to=${encodeURIComponent(order.email)}`);
    return messages.find((one) => one.subject.includes(order.name));
  }, 20000);
  for (const line of order.line_items) assert.ok(mail.text.includes(line.title), line.title);
  assert.ok(mail.text.includes(parcel.tracking_number));
}

async function comes_out_fulfilled(order) {
  await until(`${order.name} to be fulfilled`, async () => {
    const [{ state }] = await world.db.rows(`SELECT state FROM orders WHERE source_id = '${order.id}'`);
    if (state === 'fulfilled') return true;
    throw new Error(`${state} ${JSON.stringify(await world.holds(order.name))}`);
  }, 20000);
  await check_outside(order);
}

test.before(async () => {
  if (skip) return;
  world = await World.open('fixtures', { items: {}, store: { orders_from: '2000-01-01', step: null } });
  await world.start();
  await world.webhooks('/pause'); /* what happens at the shop is told by this test alone */
});

test.after(() => world && world.close());

test('a captured order of four lines, with Chinese titles, ships once its street is known', { skip }, async () => {
  const text = text_of('captured-orders-create-hkd-4lines-discount.json');
  const order = parse_exact(text);
  await put_in_shop(text);
  await know_items(order);
  await send('orders/create', text);
  await world.until_held(order.name, 'no_address');
  await check_one(world.db, order);
  await world.webhooks('/resume');
  await world.act(order.name, 'update', { shipping_address: { address1: '彌敦道 1', city: '九龍' } });
  await until('the address', () => world.db.value(`SELECT count(*) = 1 FROM delivery_group WHERE city = '九龍'`));
  await world.webhooks('/pause');
  await comes_out_fulfilled(order);
});

test('a captured order in zloty waits for its item, and ships once the item is known', { skip }, async () => {
  const text = text_of('captured-rest-order-pln-unfulfilled.json');
  const order = parse_exact(text);
  await put_in_shop(text);
  await send('orders/create', text);
  const { reason } = await world.until_held(order.name, 'unknown_sku');
  assert.ok(reason.includes(order.line_items[0].sku), reason);
  await check_one(world.db, order);
  await know_items(order);
  await world.house.waybill('order', 'release', order.name);
  await comes_out_fulfilled(order);
});

for (const file of ['captured-orders-create-hkd-plain.json', 'captured-orders-create-hkd-line-discount.json']) {
  test(`${file}, whose buyer gave no address, is held for that`, { skip }, async () => {
    const text = text_of(file);
    const order = parse_exact(text);
    await put_in_shop(text);
    await know_items(order);
    await send('orders/create', text);
    await world.until_held(order.name, 'no_address');
    await check_one(world.db, order);
  });
}

test('a captured order that was cancelled is recorded as such, and nothing of it moves', { skip }, async () => {
  const text = text_of('captured-orders-cancelled-hkd.json');
  const order = parse_exact(text);
  await put_in_shop(text);
  await send('orders/cancelled', text);
  await world.until_state(order.name, 'cancelled');
  await check_one(world.db, order);
  assert.deepStrictEqual(await world.shipments(order.name), []);
});

test("the documentation's cancelled test order changes nothing, however often it comes", { skip }, async () => {
  const text = text_of('docs-samples/orders-create.json');
  const order = parse_exact(text);
  await put_in_shop(text);
  await world.ingests(3, async () => {
    await send('orders/create', text);
    await send('orders/cancelled', text_of('docs-samples/orders-cancelled.json'));
    await send('orders/create', text);
  });
  const row = await world.until_state(order.name, 'cancelled');
  assert.strictEqual(row.source_id, BIG);
  await check_one(world.db, order);
  assert.deepStrictEqual(await world.shipments(order.name), []);
});

test("the documentation's order, paid and no test, is shipped with all its ids beyond 2^53", { skip }, async () => {
  const text = text_of('docs-samples/orders-create.json')
    .replaceAll(BIG, '820982911946154999').replaceAll('#9999', '#9998')
    .replace(/"test": *true/, '"test": false')
    .replace(/"cancelled_at": *"[^"]*"/, '"cancelled_at": null')
    .replace(/"cancel_reason": *"[^"]*"/, '"cancel_reason": null')
    .replace(/"financial_status": *"[^"]*"/, '"financial_status": "paid"');
  const order = parse_exact(text);
  await put_in_shop(text);
  await know_items(order);
  await send('orders/create', text);
  await comes_out_fulfilled(order);
  await check_one(world.db, order);
});

test('every other documented webhook is taken, and none becomes a dead letter', { skip }, async () => {
  const files = fs.readdirSync(SAMPLES).filter((file) => !/^(rest-|app-uninstalled|shop-redact|orders-c)/.test(file));
  await world.ingests(files.length, async () => {
    for (const file of files) {
      const text = text_of(`docs-samples/${file}`).replace('{shop}.myshopify.com', world.shop);
      await send(path.basename(file, '.json').replace('-', '/'), text);
    }
  });
  assert.deepStrictEqual(await world.db.rows("SELECT role, error FROM dead_letter"), []);
});
