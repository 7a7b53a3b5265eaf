'use strict';

/*
 * What planning does with an order's delivery groups; which location ships what is test_plan.c's matter.
 */

const test = require('node:test');
const assert = require('assert');
const fs = require('fs');
const path = require('path');
const { World, until } = require('../lib');

const HOME = { name: 'Mia', address1: '1 Main St', city: 'Boston', province_code: 'MA', zip: '02108', country_code: 'US' };

let world;

test.before(async () => {
  world = await World.open('route', { auto_ship: false, conf: { clock: { reconcile_s: 3000 } } });
  await world.owner.run(`INSERT INTO store (merchant_id, platform, domain, api_base, hook_key, orders_from)
    VALUES (1, 'none', 'phone', '', 'phone-0123456789abcdef', '2020-01-01');`);
  await world.start();
});

test.after(() => world.close());

/* An order by telephone: its groups, and lines of one unit each {sku, group}. */
async function order(name, groups, lines) {
  const file = path.join(world.house.dir, `${name.slice(1)}.json`);
  fs.writeFileSync(file, JSON.stringify({ id: name, name, placed_at: '2026-11-23T09:00:00Z', payment: 'paid', currency: 'USD',
    total: '10.00', groups, lines: lines.map((line, i) => ({ id: String(i), title: 'thing', quantity: 1, unit_price: '5.00', ...line })) }));
  await world.house.waybill('order', 'import', file, '--store', 'phone');
}

test('a pick-up waits for people; cleared, it is shipped like any other', async () => {
  await order('#pickup', [{ kind: 'pickup', address: HOME }], [{ sku: 'A' }]);
  await world.until_held('#pickup', 'pickup');
  assert.deepStrictEqual(await world.shipments('#pickup'), []);
  await world.clear_holds('#pickup');
  await world.until_shipments('#pickup', 1, 'released');
});

test('two groups are two shipments, however near', async () => {
  await order('#two', [{ kind: 'ship', address: HOME }, { kind: 'ship', address: { ...HOME, address1: '2 Main St' } }],
    [{ sku: 'A', group: 0 }, { sku: 'A', group: 1 }]);
  await world.until_shipments('#two', 2, 'released');
});

test('a group that must not ship yet is planned when its day has come', async () => {
  await order('#later', [{ kind: 'ship', address: HOME, ship_not_before: '2099-01-01T00:00:00Z' }], [{ sku: 'A' }]);
  const planned = "FROM orders WHERE name = '#later' AND step = 'route' AND due_at = '2099-01-01' AND error IS NULL";
  await until('the order to wait for its day', async () => Number(await world.db.value(`SELECT count(*) ${planned}`)) === 1);
  assert.deepStrictEqual(await world.shipments('#later'), []);
  await world.owner.run("UPDATE delivery_group SET ship_not_before = now() WHERE ship_not_before > now();");
  await world.house.waybill('requeue', '--role', 'route');
  await world.until_shipments('#later', 1, 'released');
});

test('a held group waits, the others are planned; cleared, it follows', async () => {
  await order('#half', [{ kind: 'ship', address: HOME, ship_not_before: '2099-01-01T00:00:00Z' }, { kind: 'ship', address: HOME }],
    [{ sku: 'A', group: 0 }, { sku: 'A', group: 1 }]);
  await world.until_shipments('#half', 1, 'released');
  await world.db.run(`INSERT INTO hold (order_id, delivery_group_id, kind, reason)
    SELECT g.order_id, g.id, 'address', 'the customer moves' FROM delivery_group AS g JOIN orders AS o ON o.id = g.order_id
     WHERE o.name = '#half' AND g.position = 0;`);
  await world.owner.run("UPDATE delivery_group SET ship_not_before = NULL WHERE ship_not_before > now();");
  await world.house.waybill('requeue', '--role', 'route');
  await until('nothing to be due', async () => Number(await world.db.value("SELECT count(*) FROM orders WHERE name = '#half' AND step IS NULL")) === 1);
  assert.strictEqual((await world.shipments('#half')).length, 1);
  await world.clear_holds('#half');
  await world.until_shipments('#half', 2, 'released');
});
