'use strict';

/*
 * Nothing is bought for a shipment that must not go, or of which something is not known: it is held with the reason, and
 * goes on when the cause is mended and the hold cleared.
 */

const test = require('node:test');
const assert = require('assert');
const { Fleet } = require('../lib');

let fleet;

test.before(async () => {
  fleet = await Fleet.open('rate', { alone: ['label'] });
  await fleet.add_item('FEATHER', { grams: null, variant: { grams: 0 }, stock: { E: 9 } });
  await fleet.start();
});

test.after(() => fleet.close());

test.afterEach(() => fleet.house.control('shippo', 'settings', 'POST', { down: {} }));

async function ships_with_one_label(name) {
  await fleet.shipment(name, 'shipped');
  assert.strictEqual((await fleet.labels(name)).bought.length, 1);
}

/* After `mend`, and with the hold cleared. */
async function goes_on(name, mend) {
  await mend();
  await fleet.clear_holds(name);
  await ships_with_one_label(name);
}

/* ---- the store's veto ---- */

/* The store changes its mind between rate and label, and no webhook tells us. */
async function label_with_store(name, change) {
  await fleet.workers.label.stop();
  await fleet.order(name);
  await fleet.webhooks_idle(); /* a late one would tell of the change */
  await fleet.shipment(name, (one) => one.step === 'label');
  await change();
  fleet.start_worker('label');
}

async function held_without_label(name, reason) {
  assert.match((await fleet.held(name, 'store')).reason, reason);
  assert.strictEqual((await fleet.labels(name)).all.length, 0);
}

test('no label is bought for an order that was cancelled at the store without a word to us', async () => {
  await label_with_store('#cancelled', () => fleet.act('#cancelled', 'cancel', { reason: 'CUSTOMER', webhooks: 'drop' }));
  await held_without_label('#cancelled', /cancelled/);
});

test('no label is bought for what the store has put on hold; released there, it is bought once', async () => {
  await label_with_store('#held', () => fleet.act_on_work('#held', 'hold', { reason: 'INCORRECT_ADDRESS', webhooks: 'drop' }));
  await held_without_label('#held', /on hold at the store: INCORRECT_ADDRESS/);
  await goes_on('#held', () => fleet.act_on_work('#held', 'release', { webhooks: 'drop' }));
});

test('no label is bought for what the store has given to a 3PL', async () => {
  await label_with_store('#3pl', () => fleet.act_on_work('#3pl', 'request', { request_status: 'ACCEPTED', webhooks: 'drop' }));
  await held_without_label('#3pl', /fulfillment service/);
});

test('no label is bought for units that were taken off the order at the store', async () => {
  await label_with_store('#fewer', () => fleet.act('#fewer', 'refund',
    { lines: [{ sku: 'A', quantity: 1 }], restock_type: 'cancel', webhooks: 'drop' }));
  await held_without_label('#fewer', /nothing is left to ship/);
});

/* A kit whose two parts lie in two places, about to be labelled. */
async function rated_kit(name) {
  await fleet.workers.label.stop();
  await fleet.order(name, { lines: [{ sku: 'SET', quantity: 1 }] });
  await fleet.webhooks_idle();
  return fleet.soon('both parcels to be rated', async () => {
    const found = await fleet.parcels(name);
    return found.length === 2 && found.every((one) => one.step === 'label') && found;
  });
}

test('no part of a kit is labelled for a cancelled order, wherever it lies', async () => {
  await fleet.add_item('POT', { stock: { E: 5 } });
  await fleet.add_item('LID', { stock: { W: 5 } });
  await fleet.house.control('shopify', `shops/${fleet.shop}/variants`, 'POST', { sku: 'SET', price: '30.00', grams: 900 });
  await fleet.house.waybill('item', 'map', '--store', fleet.shop, '--sku', 'SET', 'POT=1', 'LID=1');
  await rated_kit('#kit');
  await fleet.act('#kit', 'cancel', { reason: 'CUSTOMER', webhooks: 'drop' });
  fleet.start_worker('label');
  await fleet.soon('both to be held', async () => (await fleet.holds('#kit')).length === 2);
  assert.strictEqual((await fleet.labels('#kit')).all.length, 0);
});

test('the rest of a kit is labelled although the store knows its line as fulfilled', async () => {
  const [, rest] = await rated_kit('#rest');
  await fleet.db.run(`UPDATE shipment SET due_at = now() + interval '2 days', error = 'later' WHERE id = ${rest.id};`);
  fleet.start_worker('label');
  await fleet.soon('the store to know the kit', async () => (await fleet.at_shop('#rest')).fulfillments.length === 1);
  await fleet.db.run(`UPDATE shipment SET due_at = now() WHERE id = ${rest.id};`);
  await fleet.soon('the rest to ship', async () => (await fleet.parcels('#rest')).every((one) => one.state === 'shipped'));
  assert.strictEqual((await fleet.labels('#rest')).bought.length, 2);
  await fleet.until_state('#rest', 'fulfilled');
  await fleet.soon('nothing to be due', async () => (await fleet.parcels('#rest')).every((one) => one.step === null));
  assert.strictEqual((await fleet.at_shop('#rest')).fulfillments.length, 1);
});

test('the carrier is not even asked for an order that is on hold at the store', async () => {
  const before = await fleet.requests('shippo', 'shipment_create');
  await fleet.order('#risky', { hold: 'HIGH_RISK_OF_FRAUD' });
  await held_without_label('#risky', /HIGH_RISK_OF_FRAUD/);
  assert.strictEqual(await fleet.requests('shippo', 'shipment_create'), before);
  await goes_on('#risky', () => fleet.act_on_work('#risky', 'release', { webhooks: 'drop' }));
});

test('an order that the store has not routed yet waits, and goes on by itself', async () => {
  const before = await fleet.requests('shippo', 'shipment_create');
  await fleet.order('#later', { routing: 'later' });
  const waiting = await fleet.shipment('#later', (one) => one.error);
  assert.match(waiting.error, /not routed/);
  assert.deepStrictEqual([waiting.attempt, waiting.is_held], [0, false]);
  assert.strictEqual(await fleet.requests('shippo', 'shipment_create'), before);
  await fleet.act('#later', 'route', { webhooks: 'drop' });
  await ships_with_one_label('#later');
});

test('a hold set while the label is being bought stops the parcel; cleared, it leaves with that label', async () => {
  await fleet.fault('shippo', { operation: 'label_get', times: 1 }, { slow_ms: 1500 });
  const before = await fleet.requests('shippo', 'label_get');
  await fleet.order('#late');
  await fleet.soon('the label to be fetched', async () => (await fleet.requests('shippo', 'label_get')) > before);
  await fleet.db.run("INSERT INTO hold (order_id, kind, reason) SELECT id, 'person', 'wait' FROM orders WHERE name = '#late';");
  await fleet.soon('the label to be known', async () => (await fleet.intents('#late'))[0].state === 'bought');
  assert.strictEqual((await fleet.parcels('#late'))[0].state, 'planned');
  await goes_on('#late', () => {});
  assert.strictEqual((await fleet.labels('#late')).all.length, 1);
});

/* ---- what is not known ---- */

test('an item without a weight holds its shipment', async () => {
  await fleet.order('#weight', { lines: [{ sku: 'FEATHER', grams: 0 }] });
  assert.match((await fleet.held('#weight', 'weight')).reason, /no weight/);
  await goes_on('#weight', () => fleet.db.run("UPDATE item SET grams = 3 WHERE sku = 'FEATHER';"));
});

test('a location without a box holds its shipments', async () => {
  await fleet.db.run("UPDATE location SET box_height_mm = NULL WHERE code = 'E';");
  await fleet.order('#box');
  assert.match((await fleet.held('#box', 'box')).reason, /no default box/);
  await goes_on('#box', () => fleet.db.run("UPDATE location SET box_height_mm = 100 WHERE code = 'E';"));
});

test('a merchant without a carrier account has shipments that are held', async () => {
  await fleet.db.run('UPDATE carrier_account SET is_active = false;');
  await fleet.order('#carrier');
  assert.match((await fleet.held('#carrier', 'carrier')).reason, /no carrier account/);
  await goes_on('#carrier', () => fleet.db.run('UPDATE carrier_account SET is_active = true;'));
});

test('a parcel nobody will carry is held with the carriers\' words', async () => {
  const down = (text) => fleet.house.control('shippo', 'settings', 'POST', { down: text });
  await down({ USPS: 'Closed for good.', UPS: 'On strike.', FedEx: 'No.' });
  await fleet.order('#nobody');
  assert.match((await fleet.held('#nobody', 'rate')).reason, /no carrier takes .*On strike/);
  await goes_on('#nobody', () => down({}));
});

/* ---- the service ---- */

const map = (title, service) => fleet.db.run(`DELETE FROM service_map WHERE title = '${title}';
  INSERT INTO service_map VALUES (1, '${title}', 1, '${service}');`);

const service_of = async (name) => (await fleet.labels(name)).bought.map((one) => one.service);

test('a shipping method that is not mapped goes by the cheapest service', async () => {
  await fleet.order('#cheap', { shipping: { title: 'Owl', price: '5' } });
  await ships_with_one_label('#cheap');
  assert.deepStrictEqual(await service_of('#cheap'), ['usps_ground_advantage']);
});

test('a shipping method that is mapped goes by that service, however it is written', async () => {
  await map('express', 'fedex_2_day');
  await fleet.order('#mapped', { shipping: { title: 'EXPRESS', price: '9' } });
  await ships_with_one_label('#mapped');
  assert.deepStrictEqual(await service_of('#mapped'), ['fedex_2_day']);
});

test('a store may want methods that are not mapped held', async () => {
  await fleet.db.run("UPDATE store SET unmapped_service = 'hold';");
  await fleet.order('#unmapped', { shipping: { title: 'Courier', price: '9' } });
  assert.match((await fleet.held('#unmapped', 'service')).reason, /not mapped/);
  await fleet.db.run("UPDATE store SET unmapped_service = 'cheapest';");
  await goes_on('#unmapped', () => map('Courier', 'ups_ground'));
  assert.deepStrictEqual(await service_of('#unmapped'), ['ups_ground']);
});

test('a mapped service that the carrier does not offer holds the shipment', async () => {
  await map('Drone', 'drone_air');
  await fleet.order('#drone', { shipping: { title: 'Drone', price: '9' } });
  assert.match((await fleet.held('#drone', 'service')).reason, /does not offer the mapped service/);
  await goes_on('#drone', () => map('Drone', 'usps_priority'));
  assert.deepStrictEqual(await service_of('#drone'), ['usps_priority']);
});

test('a rate is bought at the account that gave it, whatever the map says since', async () => {
  await fleet.workers.label.stop();
  await fleet.order('#account', { shipping: { title: 'Moved', price: '9' } });
  await fleet.shipment('#account', (one) => one.step === 'label');
  await fleet.db.run(`INSERT INTO carrier_account (id, merchant_id, carrier, name, api_base, is_active)
      VALUES (77, 1, 'shippo', 'other', 'http://127.0.0.1:9', false);
    INSERT INTO service_map VALUES (1, 'Moved', 77, 'ups_ground');`);
  fleet.start_worker('label');
  await ships_with_one_label('#account');
});
