'use strict';

/*
 * Units that wait: first come, first served, told once, and nobody lost.
 */

const test = require('node:test');
const assert = require('assert');
const { Fleet, quote, until } = require('../lib');

let fleet;

test.before(async () => {
  fleet = await Fleet.open('backorder', { alone: ['route', 'release'] });
  await fleet.start();
});

test.after(() => fleet.close());

const receive = (sku, code, units) => fleet.house.waybill('stock', 'receive', '--sku', sku, '--location', code, '--quantity', String(units));

const buy = (name, sku, quantity, more = {}) => fleet.order(name, { email: `${name.slice(1)}@example.com`, lines: [{ sku, quantity }], ...more });

/* {shipped, waiting} in units of parts */
function units(name) {
  return fleet.db.row(`SELECT coalesce(sum(p.shipped), 0)::int AS shipped, coalesce(sum(p.backordered), 0)::int AS waiting
    FROM line_part AS p JOIN orders AS o ON o.id = p.order_id WHERE o.name = ${quote(name)}`);
}

/* So many units of an order have shipped, and so many wait. */
async function come_to(name, shipped, waiting) {
  await fleet.soon(`${name} to have ${shipped} units shipped and ${waiting} waiting`, async () => {
    const now = await units(name);
    if (now.shipped === shipped && now.waiting === waiting) return now;
    throw new Error(JSON.stringify(now));
  });
}

/* An order that waits for all its units. */
async function wait(name, sku, quantity) {
  await buy(name, sku, quantity);
  await come_to(name, 0, quantity);
}

/* Nothing is due any more. */
async function at_rest() {
  await fleet.soon('nothing to be due', async () => (await fleet.db.rows(`SELECT kind, id, step, error FROM due_job
    WHERE step NOT IN ('reconcile', 'renew')`)).length === 0);
}

test('an order that waits for everything is told once, with the day; stock at a place that never had any sends it', async () => {
  await fleet.add_item('NONE', { restock_on: '2031-05-17' });
  await wait('#none', 'NONE', 3);
  const mail = await until('the mail', async () => (await fleet.mails_to('none@example.com'))[0]);
  assert.match(mail.text, /2031-05-17/);
  assert.match(mail.text, /3 x /);
  await fleet.ingests(1, () => fleet.act('#none', 'update', { note: 'still waiting' }));
  await at_rest();
  assert.strictEqual((await fleet.mails_to('none@example.com')).length, 1);
  await receive('NONE', 'W', 3);
  await come_to('#none', 3, 0);
  assert.strictEqual((await fleet.shipment('#none', 'shipped')).location, 'W');
  assert.deepStrictEqual(await fleet.stock('NONE'), { on_hand: 0, allocated: 0 });
});

test('what is there ships at once, the rest when it comes', async () => {
  await fleet.add_item('SOME', { stock: { E: 2 } });
  await buy('#some', 'SOME', 5);
  await come_to('#some', 2, 3);
  await fleet.until_state('#some', 'partially_fulfilled');
  await receive('SOME', 'E', 3);
  await come_to('#some', 5, 0);
  await fleet.until_state('#some', 'fulfilled');
  await fleet.soon('the store to know both', async () => (await fleet.at_shop('#some')).fulfillments.length === 2);
});

test('a receipt that covers only part serves those who came first', async () => {
  await fleet.add_item('QUEUE');
  await wait('#first', 'QUEUE', 2);
  await wait('#second', 'QUEUE', 2);
  await wait('#third', 'QUEUE', 1);
  await receive('QUEUE', 'E', 3);
  await come_to('#first', 2, 0);
  await come_to('#second', 1, 1);
  await at_rest();
  await come_to('#third', 0, 1);
  await receive('QUEUE', 'E', 2);
  await come_to('#second', 2, 0);
  await come_to('#third', 1, 0);
});

test('an old order of many lines is not starved by small new ones', async () => {
  await fleet.add_item('MANY1');
  await fleet.add_item('MANY2');
  await fleet.order('#many', { lines: [{ sku: 'MANY1', quantity: 2 }, { sku: 'MANY2', quantity: 1 }] });
  await come_to('#many', 0, 3);
  await wait('#small1', 'MANY1', 1);
  await wait('#small2', 'MANY1', 1);
  await receive('MANY1', 'E', 1);
  await come_to('#many', 1, 2);
  await receive('MANY1', 'E', 1);
  await come_to('#many', 2, 1);
  await at_rest();
  assert.deepStrictEqual([await units('#small1'), await units('#small2')], [{ shipped: 0, waiting: 1 }, { shipped: 0, waiting: 1 }]);
});

test('a new order does not take the stock of those who wait, though it is planned first', async () => {
  await fleet.add_item('STEAL');
  await wait('#patient', 'STEAL', 2);
  await fleet.workers.release.stop();
  await receive('STEAL', 'E', 3);
  await buy('#pushy', 'STEAL', 2);
  await come_to('#pushy', 1, 1);
  await come_to('#patient', 0, 2);
  fleet.start_worker('release');
  await come_to('#patient', 2, 0);
  await at_rest();
  await come_to('#pushy', 1, 1);
});

test('a kit waits whole, and ships whole', async () => {
  await fleet.add_item('LID', { stock: { E: 5 } });
  await fleet.add_item('POT');
  await fleet.house.control('shopify', `shops/${fleet.shop}/variants`, 'POST', { sku: 'SET', price: '30.00', grams: 900 });
  await fleet.house.waybill('item', 'map', '--store', fleet.shop, '--sku', 'SET', 'LID=1', 'POT=2');
  await buy('#kit', 'SET', 1);
  await come_to('#kit', 0, 3);
  await at_rest();
  assert.deepStrictEqual(await fleet.stock('LID'), { on_hand: 5, allocated: 0 });
  await receive('POT', 'E', 2);
  await come_to('#kit', 3, 0);
  const { fulfillments } = await fleet.soon('the store to know', async () => {
    const order = await fleet.at_shop('#kit');
    return order.fulfillments.length > 0 && order;
  });
  assert.deepStrictEqual(fulfillments.map((one) => one.lines.map((line) => [line.sku, line.quantity])), [[['SET', 1]]]);
});

test('a count below what is promised takes the newest units that nobody has picked back into the queue', async () => {
  await fleet.db.run('UPDATE location SET auto_ship = false;');
  await fleet.add_item('COUNT', { stock: { E: 4 } });
  for (const name of ['#older', '#newer']) {
    await buy(name, 'COUNT', 2);
    await fleet.shipment(name, 'released');
  }
  await fleet.house.waybill('stock', 'count', '--sku', 'COUNT', '--location', 'E', '--quantity', '3');
  await come_to('#newer', 0, 1);
  assert.deepStrictEqual([await units('#older'), await fleet.stock('COUNT')], [{ shipped: 0, waiting: 0 }, { on_hand: 3, allocated: 3 }]);
  await fleet.house.waybill('stock', 'count', '--sku', 'COUNT', '--location', 'E', '--quantity', '4');
  await come_to('#newer', 0, 0);
  assert.deepStrictEqual(await fleet.stock('COUNT'), { on_hand: 4, allocated: 4 });
  await fleet.db.run('UPDATE location SET auto_ship = true;');
});

test('twenty receipts racing with forty new orders lose nobody', async () => {
  const names = Array.from({ length: 40 }, (_, i) => `#race${i}`);
  await fleet.add_item('RACE');
  fleet.house.start('waybill-worker', '--unit', 'route@2', 'route');
  fleet.house.start('waybill-worker', '--unit', 'release@2', 'release');
  await Promise.all([
    ...names.map((name, i) => buy(name, 'RACE', 1 + i % 3)), /* 79 units */
    ...Array.from({ length: 20 }, (_, i) => fleet.receive('RACE', i % 2 ? 'E' : 'W', i === 0 ? 3 : 4))]);
  await fleet.soon('all to have shipped', async () => (
    Number(await fleet.db.value("SELECT count(*) FROM orders WHERE name LIKE '#race%' AND state = 'fulfilled'")) === 40), 60000);
  assert.deepStrictEqual(await fleet.stock('RACE'), { on_hand: 0, allocated: 0 });
  assert.deepStrictEqual(await fleet.db.rows(`SELECT id FROM backorder WHERE state = 'waiting'
    AND item_id = (SELECT id FROM item WHERE sku = 'RACE')`), []);
  await at_rest();
  const shop = await fleet.house.control('shopify', `books?shop=${fleet.shop}`);
  const sold = shop.shops[fleet.shop].orders.filter((order) => order.name.startsWith('#race'));
  assert.ok(sold.every((order) => order.lines.every((line) => line.fulfilled === line.quantity)));
});
