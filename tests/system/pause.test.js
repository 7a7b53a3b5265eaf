'use strict';

/*
 * A store that is paused: its orders are taken and kept, and nothing of them is planned, bought or shipped.
 */

const test = require('node:test');
const assert = require('assert');
const { World, request, until } = require('../lib');

let world;

test.before(async () => {
  world = await World.open('pause', { auto_ship: false });
  await world.start();
});

test.after(() => world.close());

const waybill = (...args) => world.house.waybill(...args);
const store = () => world.db.row(`SELECT is_active, paused_at IS NOT NULL AS is_paused, paused_reason, step FROM store`);

test('what is open is held, with the reason, and people see it', async () => {
  await world.order('#before', { hold: 'HIGH_RISK_OF_FRAUD' });
  await world.until_held('#before', 'store');
  const shown = await waybill('store', 'pause', world.shop, '--reason', 'stocktaking');
  assert.strictEqual(shown.paused_reason, 'stocktaking');
  const { reason, set_by: by } = await world.until_held('#before', 'paused');
  assert.strictEqual(reason, 'the store is paused: stocktaking');
  assert.match(by, /^user:/);
  assert.deepStrictEqual((await waybill('order', 'list', '--held')).map((one) => one.name), ['#before']);
  assert.strictEqual((await world.house.try_waybill(['store', 'pause', world.shop, '--reason', 'again'])).code, 1);
  const { what } = (await world.house.try_waybill(['doctor'])).json.find((one) => one.check === 'paused stores');
  assert.strictEqual(what, `${world.shop}: stocktaking`);
});

test('what comes in is kept and held, and nothing of it is planned', async () => {
  await world.order('#during');
  await world.until_held('#during', 'paused');
  assert.deepStrictEqual(await world.shipments('#during'), []);
  const [route] = (await waybill('due', '--role', 'route'));
  assert.deepStrictEqual([route.due, route.held], [0, 1]);
});

test('one order may go all the same', async () => {
  await waybill('order', 'release', '#during');
  await world.until_shipments('#during', 1, 'released');
});

test('when the store goes on, so do its orders, but not what somebody else holds', async () => {
  await world.order('#waits');
  await world.until_held('#waits', 'paused');
  await waybill('store', 'resume', world.shop);
  await world.until_shipments('#waits', 1, 'released');
  assert.deepStrictEqual((await world.holds('#before')).map((hold) => hold.kind), ['store']);
  assert.deepStrictEqual(await store(), { is_active: true, is_paused: false, paused_reason: null, step: 'reconcile' });
});

test('from a store that is switched off nothing is taken; when it goes on, it is compared', async () => {
  await waybill('store', 'pause', world.shop, '--reason', 'moved away', '--off');
  assert.deepStrictEqual(await store(), { is_active: false, is_paused: true, paused_reason: 'moved away', step: null });
  await world.gateway.stop(); /* it reads the stores at its start, and then twice a minute */
  world.gateway = world.house.start('waybill-gateway');
  await world.gateway.prints('event=ready');
  await until('the stores', async () => (await request(`${world.house.gateway_url}/healthz`)).status === 200);
  await world.order('#dropped');
  await world.webhooks_idle();
  assert.deepStrictEqual(await world.db.rows("SELECT 1 FROM orders WHERE name = '#dropped'"), []);
  await waybill('store', 'resume', world.shop);
  await world.until_shipments('#dropped', 1, 'released');
});
