'use strict';

/*
 * Orders come in: once, in the right order, exact, whatever webhooks do on their way.
 */

const test = require('node:test');
const assert = require('assert');
const { World, order_body, until } = require('../lib');

let world;

test.before(async () => {
  world = await World.open('ingest', { auto_ship: false, conf: { clock: { reconcile_s: 3000 } } });
  await world.start();
});

test.after(() => world.close());

const at = (second) => `2026-11-22T10:00:0${second}Z`;
const fetches = async () => (await world.house.control('shopify', 'books')).requests.order || 0;

/* Everything about an order that may not change when nothing has happened. */
async function picture(name) {
  const order = await world.find(name);
  return { note: order.note, hash: order.source_hash, version: order.version, updated: order.source_updated_at,
    events: (await world.events(name)).length };
}

/* An order that we know from a webhook sent by hand, planned. */
async function known(name, given = {}) {
  const body = order_body({ name, created_at: at(0), processed_at: at(0), updated_at: at(5), ...given });
  await world.owner.run(`UPDATE store SET orders_from = '2026-11-01' WHERE id = ${world.store_id};`);
  await world.ingests(1, () => world.send('orders/create', body));
  await world.until_state(name, 'awaiting_fulfillment');
  return body;
}

test('an older version changes nothing', async () => {
  const body = await known('#old', { note: 'new' });
  const before = await picture('#old');
  await world.ingests(1, () => world.send('orders/updated', { ...body, note: 'old', updated_at: at(4) }));
  assert.deepStrictEqual(await picture('#old'), before);
});

test('the same version twice changes nothing', async () => {
  const body = await known('#same');
  const before = await picture('#same');
  await world.ingests(2, async () => {
    await world.send('orders/create', body);
    await world.send('orders/updated', body);
  });
  assert.deepStrictEqual(await picture('#same'), before);
});

test('the same content with a newer time changes nothing but the time', async () => {
  const body = await known('#touched');
  const { updated, ...before } = await picture('#touched');
  await world.ingests(1, () => world.send('orders/updated', { ...body, updated_at: at(6) }));
  const { updated: later, ...after } = await picture('#touched');
  assert.deepStrictEqual(after, before);
  assert.ok(later > updated);
});

test('a newer version is taken over, with one event', async () => {
  const body = await known('#newer', { note: 'old' });
  await world.ingests(1, () => world.send('orders/updated', { ...body, note: 'new', updated_at: at(6) }));
  assert.strictEqual((await world.find('#newer')).note, 'new');
  assert.strictEqual((await world.events('#newer', 'updated')).length, 1);
});

test('equal times with another content: the store is asked, and its view wins', async () => {
  await world.order('#equal', { note: 'what the store says' });
  await world.until_state('#equal', 'awaiting_fulfillment');
  await world.webhooks_idle();
  const order = await world.find('#equal');
  const before = await fetches();
  /* The fetch is a message of its own. */
  await world.ingests(2, () => world.send('orders/updated', order_body({ id: Number(order.source_id), name: '#equal',
    note: 'what somebody else says', updated_at: new Date(order.source_updated_at).toISOString() })));
  assert.strictEqual((await world.find('#equal')).note, 'what the store says');
  assert.ok(await fetches() > before);
});

test('created, paid and updated in reverse and twice each end in one right order', async () => {
  await world.webhooks('/pause');
  await world.order('#reverse', { financial_status: 'pending', webhooks: 'duplicate' });
  await world.act('#reverse', 'pay', { webhooks: 'duplicate' });
  await world.act('#reverse', 'update', { note: 'last', webhooks: 'duplicate' });
  await world.webhooks('/resume', { order: 'reverse' });
  await world.webhooks_idle();
  await until('the note', async () => (await world.find('#reverse')).note === 'last');
  const order = await world.until_state('#reverse', 'awaiting_fulfillment');
  assert.strictEqual(order.payment_status, 'paid');
  assert.strictEqual(await world.db.value("SELECT count(*) FROM orders WHERE name = '#reverse'"), 1);
  assert.strictEqual(await world.db.value(`SELECT sum(ordered) FROM order_line WHERE order_id = ${order.id}`), 1);
  await world.until_shipments('#reverse', 1, 'released');
});

test('webhooks of one order side by side at two workers lose nothing', async () => {
  const second = world.house.start('waybill-worker', '--unit', 'second@1', 'ingest');
  await second.prints('event=ready');
  const body = (n) => order_body({ id: 6100000000 + n, name: `#pair${n}`, created_at: at(0), updated_at: at(1) });
  for (let n = 0; n < 20; n += 1) {
    const one = body(n);
    await Promise.all(['orders/create', 'orders/paid', 'orders/updated'].map((topic) => world.send(topic, one)));
  }
  await until('20 orders', () => world.db.value("SELECT count(*) = 20 FROM orders WHERE name LIKE '#pair%'"));
  await second.stop();
  await until('an empty queue', async () => {
    const { ready, unacknowledged } = (await world.house.queues())['wb.ingest'];
    return ready + unacknowledged === 0;
  });
  assert.strictEqual(await world.db.value("SELECT count(*) FROM dead_letter WHERE role = 'ingest'"), 0);
});

test('ids beyond 2^53 are exact', async () => {
  const shop = world.shop;
  world.shop = 'large-ids.myshopify.com';
  await world.add_store(world.shop, { items: { A: { price: '12.50', grams: 200 } },
    shop: { id_offset: '820000000000000001' } });
  const made = await world.order('#large');
  const order = await until('the order', () => world.find('#large'));
  world.shop = shop;
  const line = await world.db.row(`SELECT source_id, variant_id FROM order_line WHERE order_id = ${order.id}`);
  assert.ok(BigInt(made.id) > 2n ** 53n);
  assert.strictEqual(order.source_id, made.id);
  assert.strictEqual(line.source_id, made.lines[0].id);
  assert.ok(BigInt(line.variant_id) > 2n ** 53n);
});

test('an order whose webhooks were lost is found by reconcile', async () => {
  await world.order('#lost', { webhooks: 'drop' });
  await world.webhooks_idle();
  assert.strictEqual(await world.db.value("SELECT count(*) FROM orders WHERE name = '#lost'"), 0);
  await world.owner.run(`UPDATE store SET due_at = now() - interval '1 minute', published_at = NULL
    WHERE id = ${world.store_id};`);
  await world.until_state('#lost', 'awaiting_fulfillment');
});

const FETCHED = [
  ['orders/edited', (order) => ({ order_edit: { id: 1, order_id: Number(order.id) } })],
  ['refunds/create', (order) => ({ id: 1, order_id: Number(order.id) })],
  ['fulfillments/create', (order) => ({ id: 1, order_id: Number(order.id) })],
  ['fulfillments/update', (order) => ({ id: 1, order_id: Number(order.id) })],
  ...['order_routing_complete', 'placed_on_hold', 'hold_released', 'cancelled'].map((what) => [
    `fulfillment_orders/${what}`,
    (order) => ({ fulfillment_order: { id: order.fulfillment_orders[0].id, status: 'open' } })]),
  ['fulfillment_orders/moved', (order) => ({ moved_fulfillment_order: { id: order.fulfillment_orders[0].id } })],
];

for (const [topic, body] of FETCHED) {
  test(`${topic} has the order fetched`, async () => {
    const name = `#${topic.replace('/', '-')}`;
    await world.order(name, { note: 'first' });
    await world.until_state(name, 'awaiting_fulfillment');
    await world.act(name, 'update', { note: 'second', webhooks: 'drop' });
    await world.send(topic, body(await world.at_shop(name)));
    await until('the note', async () => (await world.find(name)).note === 'second');
  });
}

test('an order that the store no longer has changes nothing', async () => {
  await world.ingests(1, () => world.send('refunds/create', { id: 1, order_id: 4711 }));
  assert.strictEqual(await world.db.value("SELECT count(*) FROM orders WHERE source_id = '4711'"), 0);
  assert.strictEqual(await world.db.value("SELECT count(*) FROM dead_letter WHERE role = 'ingest'"), 0);
});

test('the audit chain is whole', async () => {
  assert.deepStrictEqual(await world.db.rows('SELECT * FROM audit_broken(0, 9223372036854775807)'), []);
});
