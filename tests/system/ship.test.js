'use strict';

/*
 * People ship, and then stock, order, store and customer move together: once, however often the store's answer is lost.
 */

const test = require('node:test');
const assert = require('assert');
const fs = require('fs');
const path = require('path');
const { Fleet, until } = require('../lib');

const CREATE = { operation: 'fulfillmentCreate', times: 1 };
const NO_SCOPE = ['read_orders', 'read_products', 'read_merchant_managed_fulfillment_orders'];

let fleet;

test.before(async () => {
  fleet = await Fleet.open('ship', { alone: ['fulfill'], auto_ship: false });
  await fleet.add_item('EAST', { stock: { E: 50 } });
  await fleet.add_item('WEST', { stock: { W: 50 } });
  await fleet.start();
});

test.after(() => fleet.close());

test.afterEach(() => fleet.clear_faults('shopify'));

const shipment_command = (verb, ...args) => fleet.house.waybill('shipment', verb, ...args.map(String));

/* A new order of one shipment that lies on the floor. */
async function released(name, given = {}) {
  await fleet.order(name, { email: `${name.slice(1)}@example.com`, ...given });
  return fleet.shipment(name, 'released');
}

/* The one fulfillment the store has of an order, once we know that it has. */
async function fulfillment(name) {
  const { source_id } = await fleet.shipment(name, (one) => one.source_id);
  const { fulfillments } = await fleet.at_shop(name);
  assert.deepStrictEqual(fulfillments.map((one) => one.id.replace(/.*\//, '')), [source_id]);
  return fulfillments[0];
}

const units = (lines) => Object.fromEntries(lines.map((line) => [line.sku, line.quantity]));
const numbers = (tracking) => [tracking].flat().map((one) => one.number);

test('nothing moves before people ship: a labelled shipment waits on the floor', async () => {
  await fleet.add_item('STILL', { stock: { E: 9 } });
  const one = await released('#still', { lines: [{ sku: 'STILL', quantity: 2 }] });
  assert.ok(one.tracking_number);
  assert.strictEqual(one.step, null);
  assert.strictEqual((await fleet.find('#still')).state, 'awaiting_fulfillment');
  assert.deepStrictEqual(await fleet.stock('STILL'), { on_hand: 9, allocated: 2 });
  assert.strictEqual((await fleet.at_shop('#still')).fulfillments.length, 0);
  assert.deepStrictEqual(await fleet.mails_to('still@example.com'), []);
});

test('a shipment that leaves moves stock, order, store and mail', async () => {
  await fleet.add_item('MOVES', { stock: { E: 9 } });
  const one = await released('#moves', { lines: [{ sku: 'MOVES', quantity: 2 }] });
  await shipment_command('pick', one.id);
  assert.strictEqual((await fleet.parcels('#moves'))[0].state, 'picked');
  await shipment_command('ship', one.id);
  assert.deepStrictEqual(await fleet.stock('MOVES'), { on_hand: 7, allocated: 0 });
  assert.strictEqual((await fleet.find('#moves')).state, 'fulfilled');
  const told = await fulfillment('#moves');
  assert.deepStrictEqual([units(told.lines), told.location, numbers(told.tracking)], [{ MOVES: 2 }, 'East', [one.tracking_number]]);
  await until('the mail', async () => (await fleet.mails_to('moves@example.com')).length === 1);
});

test('units that are not there go back to planning; the rest ships, and the missing ones from elsewhere', async () => {
  await fleet.add_item('SHORT', { stock: { E: 3, W: 5 } });
  const one = await released('#short', { lines: [{ sku: 'SHORT', quantity: 3 }] });
  await shipment_command('pick', one.id);
  await shipment_command('short', one.id, '--sku', 'SHORT', '--quantity', 1);
  assert.deepStrictEqual(await fleet.stock('SHORT', 'E'), { on_hand: 2, allocated: 2 });
  const [, second] = await fleet.until_shipments('#short', 2, 'released');
  await shipment_command('ship', one.id, second.id);
  await fleet.until_state('#short', 'fulfilled');
  await fleet.soon('the store to know both', async () => (await fleet.at_shop('#short')).fulfillments.length === 2);
  const { fulfillments } = await fleet.at_shop('#short');
  assert.deepStrictEqual(fulfillments.map((each) => [each.location, units(each.lines).SHORT]).sort(), [['East', 2], ['West', 1]]);
  assert.deepStrictEqual(await fleet.stock('SHORT'), { on_hand: 4, allocated: 0 });
});

test('a held shipment does not ship', async () => {
  const one = await released('#held');
  await fleet.db.run(`INSERT INTO hold (order_id, kind, reason) SELECT id, 'person', 'wait' FROM orders WHERE name = '#held';`);
  const { code, stderr } = await fleet.house.try_waybill(['shipment', 'ship', String(one.id)]);
  assert.deepStrictEqual([code, /is held/.test(stderr)], [1, true], stderr);
  assert.strictEqual(await fleet.db.run(`SELECT * FROM shipments_ship(ARRAY[${one.id}])`), '');
  assert.strictEqual((await fleet.parcels('#held'))[0].state, 'released');
  await fleet.clear_holds('#held');
  await shipment_command('ship', one.id);
  await fulfillment('#held');
});

test('an order of two shipments is partially fulfilled after the first, each told with its own lines and place', async () => {
  await fleet.order('#two', { lines: [{ sku: 'EAST', quantity: 2 }, { sku: 'WEST', quantity: 3 }] });
  await fleet.until_shipments('#two', 2, 'released');
  const [first, second] = await fleet.parcels('#two');
  await shipment_command('ship', first.id);
  assert.strictEqual((await fleet.find('#two')).state, 'partially_fulfilled');
  await fleet.soon('the store to know the first', async () => (await fleet.at_shop('#two')).fulfillments.length === 1);
  await shipment_command('ship', second.id);
  assert.strictEqual((await fleet.find('#two')).state, 'fulfilled');
  await fleet.soon('the store to know both', async () => (await fleet.at_shop('#two')).fulfillments.length === 2);
  const { fulfillments } = await fleet.at_shop('#two');
  assert.deepStrictEqual(fulfillments.map((each) => [each.location, units(each.lines), numbers(each.tracking)]), [first, second].map((each) => (
    each.location === 'E' ? ['East', { EAST: 2 }, [each.tracking_number]] : ['West', { WEST: 3 }, [each.tracking_number]])));
});

/* ---- the store's answers ---- */

for (const [what, match, fault] of [
  ['the answer is lost', CREATE, { close: true, after_effect: true }],
  ['the answer is a 502', CREATE, { status: 502, after_effect: true }],
  ['the request is lost', CREATE, { close: true }],
  ['the store is throttled', CREATE, { throttled: true }],
  ['the answer is cut off', CREATE, { truncate: true }],
  ['the answer of the move is lost', { operation: 'fulfillmentOrderMove', times: 1 }, { close: true, after_effect: true }],
]) {
  test(`one fulfillment, and one mail of the store, although ${what}`, async () => {
    const name = `#${what}`;
    await fleet.db.run("UPDATE store SET customer_mail = 'store';");
    const one = await released(name, { email: 'lost@example.com', location: 'East', lines: [{ sku: 'WEST', quantity: 2 }] });
    const faults = await fleet.fault('shopify', match, fault);
    await shipment_command('ship', one.id);
    const told = await fulfillment(name);
    assert.deepStrictEqual([units(told.lines), told.location, numbers(told.tracking), told.notify_customer],
      [{ WEST: 2 }, 'West', [one.tracking_number], true]);
    assert.strictEqual((await fleet.house.control('shopify', 'faults')).faults.find(({ id }) => id === faults.faults[0].id).applied, 1);
    await fleet.db.run("UPDATE store SET customer_mail = 'waybill';");
    assert.deepStrictEqual(await fleet.mails_to('lost@example.com'), []);
  });
}

test('a worker killed while it tells the store tells it once', async () => {
  const one = await released('#killed');
  await fleet.fault('shopify', CREATE, { slow_ms: 1000, after_effect: true });
  const before = await fleet.requests('shopify', 'fulfillmentCreate');
  await shipment_command('ship', one.id);
  await fleet.soon('the request', async () => (await fleet.requests('shopify', 'fulfillmentCreate')) > before);
  await fleet.workers.fulfill.kill();
  fleet.start_worker('fulfill');
  assert.deepStrictEqual(numbers((await fulfillment('#killed')).tracking), [one.tracking_number]);
});

test('what the store has put on hold meanwhile is held with its reason, and told once it lets go', async () => {
  const one = await released('#refused');
  await fleet.act_on_work('#refused', 'hold', { reason: 'AWAITING_PAYMENT', webhooks: 'drop' });
  await shipment_command('ship', one.id);
  assert.match((await fleet.held('#refused', 'store')).reason, /AWAITING_PAYMENT/);
  await fleet.act_on_work('#refused', 'release', { webhooks: 'drop' });
  await fleet.clear_holds('#refused');
  assert.deepStrictEqual(units((await fulfillment('#refused')).lines), { A: 1 });
});

test('without the scope to fulfill, people are told which one is missing; with it, it goes on', async () => {
  const settings = (scopes) => fleet.house.control('shopify', `shops/${fleet.shop}/settings`, 'POST', { scopes });
  const one = await released('#scope');
  await settings(NO_SCOPE);
  await shipment_command('ship', one.id);
  const letter = await fleet.soon('a dead letter', async () => (
    (await fleet.db.rows(`SELECT error FROM dead_letter WHERE role = 'fulfill' AND row_id = ${one.id}`))[0]));
  assert.match(letter.error, /write_merchant_managed_fulfillment_orders/);
  await settings([...NO_SCOPE, 'write_merchant_managed_fulfillment_orders']);
  await fleet.house.waybill('requeue', '--role', 'fulfill', String(one.id));
  await fulfillment('#scope');
});

/* ---- without a store ---- */

test('an order from nowhere is routed, labelled, shipped and mailed without a store', async () => {
  await fleet.owner.run(`INSERT INTO store (merchant_id, platform, domain, api_base, hook_key, orders_from, customer_mail, mail_from_name, mail_from_address)
    VALUES (1, 'none', 'phone', '', 'phone-0123456789abcdef', '2020-01-01', 'waybill', 'Phone', 'phone@test.example');`);
  const file = path.join(fleet.house.dir, 'order.json');
  fs.writeFileSync(file, JSON.stringify({ id: 'P1', name: '#P1', placed_at: '2026-11-23T09:15:00Z', payment: 'paid', currency: 'USD', total: '20.00',
    email: 'phone@example.com', customer_name: 'Mia', groups: [{ kind: 'ship', address: { name: 'Mia Sørensen', address1: '1 Main St',
      city: 'Boston', province_code: 'MA', zip: '02108', country_code: 'US' } }],
    lines: [{ id: '1', sku: 'A', title: 'Mug', quantity: 2, unit_price: '10.00' }] }));
  await fleet.house.waybill('order', 'import', file, '--store', 'phone');
  const one = await fleet.shipment('#P1', 'released');
  await shipment_command('ship', one.id);
  assert.strictEqual((await fleet.find('#P1')).state, 'fulfilled');
  assert.strictEqual((await fleet.labels('#P1')).bought.length, 1);
  assert.strictEqual((await fleet.parcels('#P1'))[0].step, null);
  const mail = await fleet.soon('the mail', async () => (await fleet.mails_to('phone@example.com'))[0]);
  assert.ok(mail.text.includes(one.tracking_number), mail.text);
});

test('stock is what its ledger says, and nothing is promised that has left', async () => {
  assert.deepStrictEqual(await fleet.db.rows(`SELECT item_id, location_id FROM stock AS s
    WHERE on_hand <> (SELECT sum(delta) FROM stock_move AS m WHERE m.item_id = s.item_id AND m.location_id = s.location_id)
       OR allocated <> (SELECT coalesce(sum(a.quantity), 0) FROM allocation AS a
                         JOIN shipment AS p ON p.id = a.shipment_id AND p.location_id = s.location_id AND p.state <> 'shipped'
                         JOIN line_part AS l ON l.id = a.line_part_id AND l.item_id = s.item_id)`), []);
});
