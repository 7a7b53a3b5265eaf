'use strict';

/*
 * Names that people type are the same but for case and blanks: in every look-up, in every map, and nothing can be there twice
 * under names that are the same. A stored time zone that is none stops nobody.
 */

const test = require('node:test');
const assert = require('assert');
const { World, until } = require('../lib');

let world;
let cli;

test.before(async () => {
  world = await World.open('names', { auto_ship: false, items: { MUG: { price: '12.50', grams: 200, stock: { E: 50, W: 50 } } } });
  cli = (...args) => world.house.try_waybill(args);
  await world.start();
});

test.after(() => world.close());

const NAMED = [
  ['merchant', 'name', "(name, brand) VALUES ($, 'B')", 'test'],
  ['location', 'code', "(merchant_id, code, name, address1, city, country_code) VALUES (1, $, 'n', 'a', 'c', 'US')", 'E'],
  ['item', 'sku', '(merchant_id, sku) VALUES (1, $)', 'MUG'],
  ['carrier_account', 'name', "(merchant_id, carrier, name, api_base) VALUES (1, 'shippo', $, 'https://x')", 'shippo'],
  ['listing', 'sku', '(merchant_id, store_id, sku) VALUES (1, 1, $)', 'Set of 2'],
  ['service_map', 'title', "(store_id, title, carrier_account_id, service) VALUES (1, $, 1, 's')", 'Next Day'],
];

for (const [table, column, row, name] of NAMED) {
  test(`${table}: one ${column} cannot be there twice, in another case or with other blanks`, async () => {
    const add = (text) => world.owner.run(`INSERT INTO ${table} ${row.replace('$', `E'${text}'`)};`);
    await add(name).catch((error) => assert.match(error.message, /duplicate key/));
    for (const twin of [name.toLowerCase(), name.toUpperCase(), `  ${name}\\t`, `\\u00a0${name}`, name.replace(' ', '  ')]) {
      await assert.rejects(add(twin), /duplicate key/, `"${twin}" was taken`);
    }
    await assert.rejects(add(' \\t'), /check constraint/);
  });
}

test('people find things whatever case and blanks they use', async () => {
  for (const args of [
    ['item', 'set', '--sku', ' mug', '--title', 'Mug'],
    ['location', 'set', '--code', 'e ', '--priority', '7'],
    ['stock', 'receive', '--sku', 'Mug ', '--location', ' e', '--quantity', '1'],
    ['stock', 'set-safety', '--sku', 'mug', '--location', 'w', '--quantity', '1'],
    ['item', 'map', '--sku', 'pair', 'mug =2'],
    ['store', 'map', world.shop.toUpperCase(), '--title', ' express', '--carrier', 'SHIPPO', '--service', 'USPS_Priority '],
    ['store', 'location', ` ${world.shop}`, '--location', 'w ', '--id', '77'],
  ]) {
    const { code, stderr } = await cli(...args);
    assert.deepStrictEqual([args.join(' '), code, stderr], [args.join(' '), 0, '']);
  }
  const shown = await world.house.waybill('stock', 'show', '--sku', 'mug ', '--location', 'E');
  assert.deepStrictEqual(shown.map((one) => [one.sku, one.location, one.on_hand]), [['MUG', 'E', 51]]);
});

test('a shipping method goes by its map, whatever blanks and case the store sends; a SKU by its item', async () => {
  await world.order('#express', { lines: [{ sku: ' mug' }], shipping: { title: 'EXPRESS ', price: '30' } });
  await world.until_shipments('#express', 1, 'released');
  const service = await world.db.value(`SELECT service FROM parcel JOIN shipment ON shipment.id = shipment_id
    JOIN orders ON orders.id = order_id WHERE name = '#express'`);
  assert.strictEqual(service, 'usps_priority');
});

/* ---- time zones ---- */

test('a time zone that is none is refused when it is given; one in another case is the one it means', async () => {
  for (const args of [['set', '--code', 'W'], ['add', '--code', 'N', '--address1', 'a', '--city', 'c', '--country', 'US']]) {
    const { code, stderr } = await cli('location', ...args, '--time-zone', 'Europe/Atlantis');
    assert.strictEqual(code, 1);
    assert.match(stderr, /time-zone: there is no "Europe\/Atlantis"; a name such as Europe\/Berlin is needed/);
  }
  await world.house.waybill('location', 'set', '--code', 'W', '--time-zone', ' europe/berlin');
  assert.strictEqual(await world.db.value("SELECT time_zone FROM location WHERE code = 'W'"), 'Europe/Berlin');
});

test('a stored time zone that is none takes its location out of the plan, and no order with it', async () => {
  await world.owner.run(`ALTER TABLE location DISABLE TRIGGER time_zone_still_known;
    UPDATE location SET time_zone = 'Mars/Base', closed_from = '2030-01-01', closed_until = '2030-01-02' WHERE code = 'E';
    ALTER TABLE location ENABLE TRIGGER time_zone_still_known;`);
  await world.order('#zone', { lines: [{ sku: 'MUG' }] });
  const [shipment] = await world.until_shipments('#zone', 1, 'released');
  assert.strictEqual(shipment.location_id, 2);
  const why = await world.db.value(`SELECT detail::text FROM routing_decision JOIN orders ON orders.id = order_id WHERE name = '#zone'`);
  assert.match(why, /a time zone that is not known: Mars\/Base/);
  await world.receive('MUG', 'W', 1);
  await until('release to look at it', () => world.db.value("SELECT count(*) = 0 FROM due_job WHERE step = 'release' AND due_at <= now()"));
  assert.strictEqual(await world.db.value('SELECT count(*)::int FROM dead_letter'), 0);
});
