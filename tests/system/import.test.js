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

const file = (given) => world.house.file('order.json', JSON.stringify(given));
const take = (given, where = 'phone') => world.house.waybill('order', 'import', file(given), '--store', where);

const refused = (text, given, where = 'phone') => world.house.refused(1, text, 'order', 'import', file(given), '--store', where);

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

test('the command says what it changes: new, nothing, or what', async () => {
  const first = order('say', { lines: [{ id: '1', sku: 'A', quantity: 2, unit_price: '10.00' }, { id: '2', sku: 'B', quantity: 1 }] });
  const results = [await take(first)];
  await until('the order', () => world.find('#say'));
  results.push(await take(first));
  const later = { ...first, updated_at: '2026-11-23T10:00:00Z' };
  results.push(await take(later));
  const changed = { ...later, total: '10.00', payment: 'partially_refunded', lines: [{ ...first.lines[0], current_quantity: 0 }, first.lines[1],
    { id: '3', sku: 'B', quantity: 4 }] };
  results.push(await take(changed));
  await until('the change', () => world.db.value("SELECT count(*) = 3 FROM order_line JOIN orders ON orders.id = order_id WHERE orders.name = '#say'"));
  results.push(await take({ ...changed, updated_at: '2026-11-23T11:00:00Z', note: 'ring twice' }));
  assert.deepStrictEqual(results.map(({ result, changes }) => [result, changes]), [
    ['new', undefined], ['nothing changed', []], ['nothing changed', []],
    ['changed', ['payment', 'total', 'line 1: 0 units instead of 2', 'line 3: new, 4 units']],
    ['changed', ['other facts']]]);
  await until('the note', async () => (await world.find('#say')).note === 'ring twice');
  assert.strictEqual(await world.db.value("SELECT cancelled FROM order_line JOIN orders ON orders.id = order_id WHERE orders.name = '#say' AND order_line.source_id = '1'"), 2);
});

test('a version that would be ignored is refused', async () => {
  await take(order('old', { updated_at: '2026-11-23T10:00:00Z' }));
  await until('the order', () => world.find('#old'));
  await refused(/a version of 2026-11-23T10:00:00.* was imported before/, order('old', { updated_at: '2026-11-23T09:59:59Z' }));
  await refused(/the same "updated_at".*give a later one/, order('old', { updated_at: '2026-11-23T10:00:00Z', note: 'x' }));
});

test('a line that a later version leaves out is refused, by the command and by ingest', async () => {
  await take(order('gone'));
  await until('a shipment', async () => (await world.shipments('#gone')).length === 1);
  const later = order('gone', { updated_at: '2026-11-23T11:00:00Z', lines: [{ id: '2', sku: 'A', quantity: 1 }] });
  await refused(/line "1" was imported before and is not in the file.*"current_quantity": 0/, later);
  await publish(later);
  await until('the dead letter', () => world.db.value(`SELECT count(*) = 1 FROM dead_letter
    WHERE role = 'ingest' AND error LIKE 'line "1" was imported before and is left out now%'`));
  assert.deepStrictEqual(await world.db.rows("SELECT l.source_id FROM order_line AS l JOIN orders ON orders.id = order_id WHERE orders.name = '#gone'"),
    [{ source_id: '1' }]);
});

test('another SKU for a planned line is refused', () => refused(/planned as another SKU/,
  order('gone', { updated_at: '2026-11-23T11:00:00Z', lines: [{ id: '1', sku: 'B', quantity: 2 }] })));

test('an import into a store that is a shop is refused, by the command and by ingest', async () => {
  await refused(/is a shop.*--platform none/, order('shop'), world.shop);
  await broker.publish('wb.ingest', JSON.stringify(order('shop')), { 'x-wb-kind': 'order', 'x-wb-store': String(world.store_id) });
  await until('the dead letter', () => world.db.value(`SELECT count(*) = 1 FROM dead_letter
    WHERE role = 'ingest' AND error LIKE 'an order was imported into a store that is a shop%'`));
  assert.strictEqual(await world.db.value("SELECT count(*) FROM orders WHERE name = '#shop'"), 0);
});

test('all that an order may say is kept', async () => {
  await take(order('all', { gift_message: 'for you', tags: ['b', 'a'], attributes: [{ name: 'floor', value: '3' }], shipping: '5', tax: '1.25', discount: '2',
    duties: '0.5', cancel_reason: null, lines: [{ id: '1', sku: 'A', quantity: 2, unit_price: '9.00', discount: '2.00', tax: '1.25', duties: '0.5',
      properties: [{ name: 'Engraving', value: 'Mia' }] }] }));
  await until('the order', () => world.find('#all'));
  const shown = await world.house.waybill('order', 'show', '#all');
  assert.deepStrictEqual([shown.gift_message, shown.tags, shown.attributes, shown.shipping, shown.tax, shown.discount, shown.duties],
    ['for you', ['a', 'b'], [{ name: 'floor', value: '3' }], '5.00', '1.25', '2.00', '0.50']);
  assert.deepStrictEqual(shown.properties.map((one) => one.value), ['Mia']);
  assert.deepStrictEqual([shown.lines[0].discount, shown.lines[0].tax, shown.lines[0].duties], ['2.00', '1.25', '0.50']);
});
