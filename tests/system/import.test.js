'use strict';

/*
 * Orders from nowhere: imported into a store without a platform, again and again.
 */

const test = require('node:test');
const assert = require('assert');
const { Broker, World, until } = require('../lib');

let world;
let broker;
let store;

test.before(async () => {
  world = await World.open('import', { auto_ship: false, conf: { clock: { reconcile_s: 3000 } } });
  store = await world.owner.value(`INSERT INTO store (merchant_id, platform, domain, api_base, hook_key, orders_from)
    VALUES (1, 'none', 'phone', '', 'phone-0123456789abcdef', '2020-01-01') RETURNING id`);
  await world.start();
  broker = await Broker.open(world.house.broker.WAYBILL_AMQP_URL);
});

test.after(async () => {
  if (broker) broker.close();
  await world.close();
});

function order(id, given = {}) {
  return { id, name: `#${id}`, placed_at: '2026-11-23T09:15:00Z', payment: 'paid', currency: 'USD', total: '20.00',
    groups: [{ kind: 'ship', address: { name: 'Mia', address1: '1 Main St', city: 'Boston', province_code: 'MA', zip: '02108',
      country_code: 'US' } }],
    lines: [{ id: '1', sku: 'A', title: 'Mug', quantity: 2, unit_price: '10.00' }], ...given };
}

/* Past the command's own look: as a worker of another version would have sent it, or a race. */
const publish = (...orders) => broker.publish('wb.ingest', orders.map((one) => JSON.stringify(one)),
  { 'x-wb-kind': 'order', 'x-wb-store': String(store) });

test('two versions of one time kill no worker: there is no shop to ask, and the first one stays', async () => {
  await world.ingests(1, () => publish(order('twice', { note: 'one' })));
  await world.ingests(2, () => publish(order('twice', { note: 'two' }))); /* ... and a fetch that finds nothing */
  assert.strictEqual((await world.find('#twice')).note, 'one');
  assert.ok(world.worker.is_running);
});

test('a store and a carrier of a word that this version does not know are errors that name it', async () => {
  const magento = await world.owner.value(`INSERT INTO store (merchant_id, platform, domain, api_base, hook_key, orders_from)
    VALUES (1, 'magento', 'old', '', 'old-0123456789abcdef', '2020-01-01') RETURNING id`);
  await broker.publish('wb.ingest', JSON.stringify(order('lost')), { 'x-wb-kind': 'order', 'x-wb-store': String(magento) });
  await until('the dead letter', () => world.db.value(`SELECT count(*) = 1 FROM dead_letter
    WHERE role = 'ingest' AND error = 'this version has no platform "magento"'`));
  await world.owner.run("UPDATE carrier_account SET carrier = 'pigeon';");
  await publish(order('pigeon'));
  await until('the dead letter', () => world.db.value(`SELECT count(*) = 1 FROM dead_letter
    WHERE role = 'rate' AND error = 'this version has no carrier "pigeon"'`));
  await world.owner.run("UPDATE carrier_account SET carrier = 'shippo';");
  assert.ok(world.worker.is_running);
});
