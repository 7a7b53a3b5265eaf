'use strict';

/*
 * What a person has to look at is recorded and held, with a reason that helps; cleared, it goes on.
 */

const test = require('node:test');
const assert = require('assert');
const { World, until } = require('../lib');

let world;

test.before(async () => {
  world = await World.open('ingest_holds', { auto_ship: false, conf: { clock: { reconcile_s: 3000 } } });
  await world.start();
});

test.after(() => world.close());

/* What the parts of an order's only line are: {SKU: units}. */
async function parts(name) {
  const rows = await world.db.rows(`SELECT item.sku, p.quantity FROM line_part AS p JOIN item ON item.id = p.item_id
    JOIN orders ON orders.id = p.order_id WHERE orders.name = '${name}'`);
  return Object.fromEntries(rows.map((row) => [row.sku, row.quantity]));
}

test('an unknown SKU is held by name; with the item added and the hold cleared the order is planned', async () => {
  await world.order('#unknown', { lines: [{ sku: 'A' }, { sku: 'NEW-1' }] });
  const hold = await world.until_held('#unknown', 'unknown_sku');
  assert.match(hold.reason, /"NEW-1"/);
  assert.strictEqual(hold.set_by, 'worker:route');
  assert.deepStrictEqual(await world.shipments('#unknown'), []);
  await world.add_items({ 'NEW-1': { grams: 10, stock: { E: 1 } } });
  await world.clear_holds('#unknown');
  await world.until_state('#unknown', 'awaiting_fulfillment');
  await world.until_shipments('#unknown', 1, 'released');
  const kinds = (await world.events('#unknown')).map((event) => event.kind);
  assert.deepStrictEqual(kinds.filter((kind) => /hold|held|routed/.test(kind)), ['held', 'hold_cleared', 'routed']);
});

test('a line without a SKU is held', async () => {
  await world.order('#nameless', { lines: [{ sku: '' }] });
  await world.until_held('#nameless', 'unknown_sku');
});

test('a hold cleared with nothing put right is set again', async () => {
  await world.order('#again', { lines: [{ sku: 'NEW-2' }] });
  const first = await world.until_held('#again', 'unknown_sku');
  await world.clear_holds('#again');
  await until('another hold', async () => (await world.until_held('#again', 'unknown_sku')).id !== first.id);
});

test('a SKU that differs in case and blanks only is found', async () => {
  await world.order('#alike', { lines: [{ sku: ' b ' }] });
  await world.until_state('#alike', 'awaiting_fulfillment');
  assert.deepStrictEqual(await parts('#alike'), { B: 1 });
});

test('a listing says what a SKU or a variant consists of: kits of several items too', async () => {
  const made = await world.at_sim('variants', { sku: 'VAR', price: '1.00', grams: 1 });
  const variant = made.id.replace(/.*\//, '');
  await world.owner.run(`
    WITH kit AS (INSERT INTO listing (merchant_id, store_id, sku) VALUES (1, 1, 'KIT') RETURNING id)
      INSERT INTO listing_part
        SELECT kit.id, item.id, CASE sku WHEN 'A' THEN 2 ELSE 3 END FROM kit, item WHERE sku IN ('A', 'B');
    WITH one AS (INSERT INTO listing (merchant_id, store_id, variant_id, sku) VALUES (1, 1, '${variant}', 'A')
                 RETURNING id)
      INSERT INTO listing_part SELECT one.id, item.id, 1 FROM one, item WHERE sku = 'B';`);
  await world.order('#kit', { lines: [{ sku: 'KIT', quantity: 2 }] });
  await world.order('#variant', { lines: [{ sku: 'VAR', quantity: 4 }] });
  await world.until_state('#kit', 'awaiting_fulfillment');
  await world.until_state('#variant', 'awaiting_fulfillment');
  assert.deepStrictEqual(await parts('#kit'), { A: 4, B: 6 });
  assert.deepStrictEqual(await parts('#variant'), { B: 4 });
});

test('a physical line without an address is held, and goes on once the store has one', async () => {
  await world.order('#nowhere', { shipping: { title: 'By hand', code: 'custom' }, shipping_address: null });
  assert.match((await world.until_held('#nowhere', 'no_address')).reason, /the address lacks a name or company, a street, a city, a country;/);
  await world.act('#nowhere', 'update', { shipping_address: {
    country_code: 'US', first_name: 'Ada', last_name: 'Lovelace', address1: '965 Mission Street',
    city: 'San Francisco', province_code: 'CA', zip: '94103' } });
  await world.until_shipments('#nowhere', 1, 'released');
  assert.deepStrictEqual(await world.holds('#nowhere'), []);
});

test('an address without a street is held', async () => {
  await world.order('#street', {
    shipping_address: { country_code: 'US', first_name: 'Ada', last_name: 'L', city: 'Here' } });
  await world.until_held('#street', 'no_address');
});

test('a test order is held until somebody wants it shipped', async () => {
  await world.order('#test', { test: true });
  assert.match((await world.until_held('#test', 'test_order')).reason, /clear the hold to ship/);
  assert.strictEqual((await world.find('#test')).state, 'paid');
  await world.clear_holds('#test');
  await world.until_shipments('#test', 1, 'released');
});

test('an order from before orders_from is held until somebody wants it shipped', async () => {
  await world.order('#ancient', { created_at: '2020-01-01T00:00:00Z' });
  assert.match((await world.until_held('#ancient', 'too_old')).reason, /orders_from/);
  await world.clear_holds('#ancient');
  await world.until_shipments('#ancient', 1, 'released');
});

test('an order to be picked up is held until somebody wants it shipped', async () => {
  const file = world.house.file('pickup.json', JSON.stringify({
    id: 'P1', name: '#pickup', placed_at: new Date().toISOString(), payment: 'paid', currency: 'USD', total: '1',
    groups: [{ kind: 'pickup', address: { name: 'Ada', address1: '1 Main St', city: 'Reno', province_code: 'NV', zip: '89501', country_code: 'US' } }],
    lines: [{ id: '1', sku: 'A', quantity: 1 }] }));
  await world.house.waybill('store', 'add', '--platform', 'none', '--domain', 'phone');
  await world.house.waybill('order', 'import', file, '--store', 'phone');
  assert.match((await world.until_held('#pickup', 'pickup')).reason, /clear the hold to ship/);
  await world.house.waybill('order', 'release', '#pickup');
  await until('a shipment', async () => (await world.shipments('#pickup')).length === 1);
});

test('a hold at the store stops the label with the store\'s reason; released there, it is lifted', async () => {
  await world.order('#vetoed', { hold: 'HIGH_RISK_OF_FRAUD' });
  const hold = await world.until_held('#vetoed', 'store');
  assert.match(hold.reason, /fraud/i);
  assert.ok(hold.shipment_id);
  assert.strictEqual(await world.db.value(`SELECT count(*) FROM label_purchase JOIN parcel ON parcel.id = parcel_id
    WHERE shipment_id = ${hold.shipment_id}`), 0);
  await world.act_on_work('#vetoed', 'release');
  await world.until_shipments('#vetoed', 1, 'released');
  const [cleared] = (await world.events('#vetoed', 'hold_cleared'));
  assert.strictEqual(cleared.actor, 'worker:ingest');
});

test('what a hold says is cut between characters, however long the words it quotes', async () => {
  await world.at_sim('locations', [{ name: '物'.repeat(90), is_fulfillment_service: true }]);
  await world.order('#long', { lines: [{ sku: 'A', location: '物'.repeat(90) }] });
  assert.match((await world.until_held('#long', 'store')).reason, /物{50,}$/);
});

test('a hold that a person has set is not lifted by the store', async () => {
  await world.order('#by-hand', { financial_status: 'pending' });
  await until('the order', () => world.find('#by-hand'));
  await world.db.run(`INSERT INTO hold (order_id, kind, reason, set_by)
    SELECT id, 'store', 'wait for me', 'user:test' FROM orders WHERE name = '#by-hand';`);
  await world.act('#by-hand', 'pay');
  await world.act_on_work('#by-hand', 'hold', { reason: 'OTHER' });
  await world.webhooks_idle();
  await world.ingests(1, () => world.act_on_work('#by-hand', 'release'));
  assert.strictEqual((await world.holds('#by-hand')).length, 1);
  assert.strictEqual((await world.find('#by-hand')).state, 'paid');
});

test('the audit chain is whole', async () => {
  assert.deepStrictEqual(await world.db.rows('SELECT * FROM audit_broken(0, 9223372036854775807)'), []);
});
