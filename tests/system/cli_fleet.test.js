'use strict';

/*
 * The command line beside a running fleet: what people commit is taken up at once, without the clock.
 */

const test = require('node:test');
const assert = require('assert');
const path = require('path');
const fs = require('fs');
const { BIN, World, run, until } = require('../lib');

let world;

const waybill = (...args) => world.house.waybill(...args);

test.before(async () => {
  /* The clock looks too late for any of these tests. */
  world = await World.open('cli_fleet', { auto_ship: false, conf: { clock: { wait_s: 3000, again_s: 3000 } } });
  await waybill('requeue', '--role', 'renew');
  await world.start();
});

test.after(() => world.close());

/* What a person reads. */
async function words(...args) {
  const { stdout } = await run(path.join(BIN, 'waybill'), args,
    { env: { WAYBILL_CONFIG: world.house.conf_file } });
  return stdout;
}

test('an order is explained in words: where each unit ships from, and why from nowhere else', async () => {
  await world.order('#why', { lines: [{ sku: 'A', quantity: 2 }, { sku: 'B' }] });
  await world.until_shipments('#why', 1, 'released');
  const text = await words('order', 'explain', '#why');
  assert.match(text, /^ {2}A: 2 from W in shipment \d+$/m);
  assert.match(text, /^ {2}B: 1 from W in shipment \d+$/m);
  assert.match(text, /^ {2}W: chosen$/m);
  assert.match(text, /^ {2}E: (worse|not needed): /m);
  assert.match(text, /^ {2}proven: /m);
  const [decision] = await waybill('order', 'explain', '#why');
  assert.deepStrictEqual(decision.candidates.map((candidate) => candidate.location).sort(), ['E', 'W']);
});

test('a receipt releases a backorder at once', async () => {
  await world.owner.run("INSERT INTO item (merchant_id, sku, title, grams) VALUES (1, 'LATE', 'Late', 100);");
  const file = world.house.file('late.json', JSON.stringify({ id: 'late', name: '#late', placed_at: new Date().toISOString(), payment: 'paid', currency: 'USD',
    total: '5.00', groups: [{ kind: 'ship', address: { name: 'Mia', address1: '1 Road', city: 'Denver', zip: '80014', country_code: 'US', province_code: 'CO' } }],
    lines: [{ id: '1', sku: 'LATE', title: 'Late', quantity: 3, unit_price: '5.00' }] }));
  await waybill('store', 'add', '--platform', 'none', '--domain', 'desk.test');
  await waybill('order', 'import', file, '--store', 'desk.test');
  await until('the backorder', async () => (await waybill('backorder', 'list')).find((row) => row.order === '#late'));
  assert.match(await words('order', 'explain', '#late'), /LATE: 3 wait/);
  await waybill('stock', 'receive', '--sku', 'LATE', '--location', 'E', '--quantity', '3');
  await until('the shipment', async () => (await world.shipments('#late')).length === 1);
  assert.deepStrictEqual(await waybill('backorder', 'list'), []);
});

test('a held order goes on at once when it is released', async () => {
  await world.order('#unknown', { lines: [{ sku: 'NEW' }] });
  await world.until_held('#unknown', 'unknown_sku');
  assert.ok((await waybill('order', 'list', '--held')).some((order) => order.name === '#unknown'));
  await waybill('item', 'map', '--store', world.shop, '--sku', 'NEW', 'A', 'B=2');
  await waybill('order', 'release', '#unknown');
  await world.until_shipments('#unknown', 1, 'released');
  const { parts } = await waybill('order', 'show', '#unknown');
  assert.deepStrictEqual(parts.map(({ item, units }) => [item, units]).sort(), [['A', 1], ['B', 2]]);
});

test('a label is written into a new file, and never over one', async () => {
  const [shipment] = await world.shipments('#why');
  const out = path.join(world.house.dir, 'label.pdf');
  const { bytes } = await waybill('shipment', 'label', String(shipment.id), '--out', out);
  assert.strictEqual(fs.statSync(out).size, bytes);
  assert.strictEqual((await world.house.try_waybill(['shipment', 'label', String(shipment.id), '--out', '-'])).stdout.length, bytes);
  assert.strictEqual((await world.house.try_waybill(['shipment', 'label', String(shipment.id), '--out', out])).code, 1);
});

test('what people ship is told to the store', async () => {
  const [shipment] = await world.shipments('#why');
  await waybill('shipment', 'ship', String(shipment.id));
  await until('the fulfillment', async () => (await world.shipments('#why'))[0].source_id);
});

test('with a whole fleet the doctor finds everything well', async () => {
  const result = await world.house.try_waybill(['doctor']);
  const wrong = (result.json || []).filter((line) => line.result !== 'ok');
  assert.deepStrictEqual(wrong, []);
  assert.strictEqual(result.code, 0, result.stderr);
  assert.ok(result.json.some((line) => line.check === 'carrier shippo' && /answers/.test(line.what)));
});
