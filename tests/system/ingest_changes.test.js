'use strict';

/*
 * Payment, cancellations, edits and refunds at the store, and what they do to what we have planned.
 */

const test = require('node:test');
const assert = require('assert');
const { World, order_body, until } = require('../lib');

let world;

test.before(async () => {
  world = await World.open('ingest_changes', { auto_ship: false, conf: { clock: { reconcile_s: 3000 } } });
  await world.start();
});

test.after(() => world.close());

const release_on = (when) => world.owner.run(`UPDATE store SET release_on = '${when}' WHERE id = ${world.store_id};`);
const ship = (shipments) => world.db.run(`SELECT shipments_ship(ARRAY[${shipments.map(({ id }) => id)}]::bigint[]);`);
const pick = (shipments) => world.db.run(`UPDATE shipment SET state = 'picked'
  WHERE id IN (${shipments.map(({ id }) => id)});`);

/* The units of an order by what has become of them. */
async function units(name) {
  return world.db.row(`SELECT sum(quantity) AS ordered, sum(cancelled) AS cancelled, sum(allocated) AS allocated,
    sum(shipped) AS shipped, sum(backordered) AS waiting
    FROM line_part WHERE order_id = (SELECT id FROM orders WHERE name = '${name}')`);
}

const until_units = (name, want) => until(`${name} to have ${JSON.stringify(want)}`, async () => {
  const have = await units(name);
  return Object.keys(want).every((key) => have[key] === want[key]) || Promise.reject(new Error(JSON.stringify(have)));
});

const allocated = (sku) => world.db.value(`SELECT coalesce(sum(allocated), 0) FROM stock JOIN item ON item.id = item_id
  WHERE sku = '${sku}'`);

/* An item that only this order has to do with. */
const own_item = (sku, stock) => world.add_items({ [sku]: { grams: 10, stock: { E: stock } } });

async function planned(name, lines) {
  await world.order(name, { lines });
  return world.until_shipments(name, 1, 'released');
}

async function shipped(name, lines) {
  await ship(await planned(name, lines));
  await world.until_state(name, 'fulfilled');
  await until('the store to know', async () => (await world.at_shop(name)).fulfillments.length === 1);
  await world.webhooks_idle();
}

/* ---- payment ---- */

test('an order of digital goods and gift cards is fulfilled without a shipment', async () => {
  await world.order('#digital', {
    lines: [{ sku: 'EBOOK', requires_shipping: false }, { sku: 'GIFT', gift_card: true }] });
  await world.until_state('#digital', 'fulfilled');
  assert.deepStrictEqual(await world.shipments('#digital'), []);
  assert.deepStrictEqual(await world.holds('#digital'), []);
});

test('an unpaid order waits; paid, it goes on with one event per step', async () => {
  await world.order('#unpaid', { financial_status: 'pending' });
  assert.strictEqual((await world.until_state('#unpaid', 'pending')).step, null);
  await world.act('#unpaid', 'pay');
  await world.until_state('#unpaid', 'awaiting_fulfillment');
  assert.deepStrictEqual(await world.walk('#unpaid'),
    ['pending>payment_processing', 'payment_processing>paid', 'paid>awaiting_fulfillment']);
});

test('an authorised payment is on its way, and enough only where the store says so', async () => {
  await world.order('#authorised', { financial_status: 'pending' });
  await world.until_state('#authorised', 'pending');
  await world.act('#authorised', 'authorize');
  await world.until_state('#authorised', 'payment_processing');
  await release_on('authorised');
  await world.order('#enough', { financial_status: 'authorized' });
  await world.until_state('#enough', 'awaiting_fulfillment');
  await world.order('#not-enough', { financial_status: 'pending' });
  await world.until_state('#not-enough', 'pending');
  await release_on('paid');
});

test('a store that releases always ships unpaid orders', async () => {
  await release_on('always');
  await world.order('#invoice', { financial_status: 'pending' });
  await world.until_state('#invoice', 'awaiting_fulfillment');
  await release_on('paid');
});

/* ---- cancelled ---- */

test('an unpaid order is cancelled', async () => {
  await world.order('#never-paid', { financial_status: 'pending' });
  await world.until_state('#never-paid', 'pending');
  await world.act('#never-paid', 'cancel');
  await world.until_state('#never-paid', 'cancelled');
  assert.deepStrictEqual(await world.walk('#never-paid'), ['pending>cancelled']);
});

test('an order that was cancelled before we saw it is recorded as such', async () => {
  await world.order('#stillborn', { webhooks: 'drop' });
  await world.act('#stillborn', 'cancel');
  const order = await world.until_state('#stillborn', 'cancelled');
  assert.ok(order.cancelled_at);
  assert.deepStrictEqual(await world.shipments('#stillborn'), []);
});

test('a cancelled order frees its stock, cancels its shipments and voids its labels', async () => {
  await own_item('C1', 5);
  await planned('#cancelled', [{ sku: 'C1', quantity: 3 }]);
  assert.strictEqual(await allocated('C1'), 3);
  await world.act('#cancelled', 'cancel');
  await world.until_state('#cancelled', 'cancelled');
  assert.strictEqual(await allocated('C1'), 0);
  await world.until_shipments('#cancelled', 1, 'cancelled');
  assert.deepStrictEqual(await world.db.rows(`SELECT label_purchase.state, label_purchase.step FROM label_purchase
    JOIN parcel ON parcel.id = parcel_id JOIN shipment ON shipment.id = shipment_id
    WHERE order_id = (SELECT id FROM orders WHERE name = '#cancelled')`), [{ state: 'voiding', step: null }]);
  assert.strictEqual((await world.events('#cancelled', 'cancelled_in_store')).length, 1);
});

test('a cancelled order leaves the queue of those who wait', async () => {
  await own_item('C2', 1);
  await world.order('#waiting', { lines: [{ sku: 'C2', quantity: 3 }] });
  await until_units('#waiting', { allocated: 1, waiting: 2 });
  await world.act('#waiting', 'cancel');
  await world.until_state('#waiting', 'cancelled');
  assert.strictEqual(await world.db.value(`SELECT count(*) FROM backorder JOIN item ON item.id = item_id
    WHERE sku = 'C2' AND state = 'waiting'`), 0);
});

test('units cancelled before planning are not planned', async () => {
  await world.order('#fewer-early', { financial_status: 'pending', lines: [{ sku: 'A', quantity: 3 }] });
  await world.until_state('#fewer-early', 'pending');
  await world.act('#fewer-early', 'edit', { lines: [{ sku: 'A', quantity: 1 }] });
  await world.act('#fewer-early', 'pay');
  await world.until_shipments('#fewer-early', 1, 'released');
  await until_units('#fewer-early', { ordered: 3, cancelled: 2, allocated: 1 });
});

test('units cancelled after planning leave their shipment', async () => {
  await own_item('C3', 5);
  await planned('#fewer-late', [{ sku: 'C3', quantity: 4 }]);
  await world.act('#fewer-late', 'edit', { lines: [{ sku: 'C3', quantity: 1 }] });
  await until_units('#fewer-late', { ordered: 4, cancelled: 3, allocated: 1 });
  assert.strictEqual(await allocated('C3'), 1);
  await world.until_shipments('#fewer-late', 1, 'released');
});

test('a line cancelled as a whole leaves the others alone', async () => {
  await own_item('C4', 5);
  await planned('#one-line-less', [{ sku: 'C4' }, { sku: 'A' }]);
  await world.act('#one-line-less', 'edit', { lines: [{ sku: 'C4', quantity: 0 }] });
  await until_units('#one-line-less', { cancelled: 1, allocated: 1 });
  assert.strictEqual((await world.find('#one-line-less')).state, 'awaiting_fulfillment');
});

test('those who wait are cancelled before those who have stock', async () => {
  await own_item('C5', 2);
  await world.order('#partly', { lines: [{ sku: 'C5', quantity: 5 }] });
  await until_units('#partly', { allocated: 2, waiting: 3 });
  await world.act('#partly', 'edit', { lines: [{ sku: 'C5', quantity: 3 }] });
  await until_units('#partly', { cancelled: 2, allocated: 2, waiting: 1 });
});

test('cancelling the rest of a partly shipped order makes it fulfilled', async () => {
  await own_item('C6', 2);
  await world.order('#rest', { lines: [{ sku: 'C6', quantity: 3 }] });
  await ship(await world.until_shipments('#rest', 1, 'released'));
  await world.until_state('#rest', 'partially_fulfilled');
  await until('the store to know', async () => (await world.at_shop('#rest')).fulfillments.length === 1);
  await world.act('#rest', 'edit', { lines: [{ sku: 'C6', quantity: 2 }] });
  await world.until_state('#rest', 'fulfilled');
});

test('units that were picked wait for a person when they are cancelled', async () => {
  await own_item('C7', 5);
  await pick(await planned('#picked', [{ sku: 'C7', quantity: 2 }]));
  await world.act('#picked', 'cancel');
  assert.match((await world.until_held('#picked', 'cancelled_after_pick')).reason,
    /cancelled 2 of C7 .* take them out of the parcel/);
  assert.strictEqual(await allocated('C7'), 2);
  await world.until_shipments('#picked', 1, 'picked');
});

test('a hold about picked units that a person has cleared stays cleared', async () => {
  await own_item('C8', 5);
  await pick(await planned('#ship-it', [{ sku: 'C8', quantity: 2 }]));
  await world.act('#ship-it', 'edit', { lines: [{ sku: 'C8', quantity: 1 }] });
  await world.until_held('#ship-it', 'cancelled_after_pick');
  await world.clear_holds('#ship-it');
  await world.act('#ship-it', 'update', { note: 'thanks' });
  await until('the note', async () => (await world.find('#ship-it')).note === 'thanks');
  assert.deepStrictEqual(await world.holds('#ship-it'), []);
});

/* ---- more ---- */

test('a line added while planned is planned too, once it is paid', async () => {
  await planned('#line-more', [{ sku: 'A' }]);
  await world.act('#line-more', 'edit', { lines: [{ sku: 'B', quantity: 2 }] });
  await until('the new line', async () => await world.db.value(`SELECT count(*) FROM order_line
    WHERE order_id = (SELECT id FROM orders WHERE name = '#line-more')`) === 2);
  assert.strictEqual((await world.find('#line-more')).payment_status, 'partially_paid');
  await until_units('#line-more', { ordered: 1, allocated: 1 });
  await world.act('#line-more', 'pay');
  await until_units('#line-more', { ordered: 3, allocated: 3 });
});

test('more units of a line are planned too', async () => {
  const body = order_body({ name: '#units-more', lines: [{ sku: 'B', quantity: 1 }] });
  await world.send('orders/create', body);
  await until_units('#units-more', { allocated: 1 });
  await world.send('orders/updated', { ...body, updated_at: new Date(Date.now() + 60000).toISOString(),
    line_items: [{ ...body.line_items[0], quantity: 3, current_quantity: 3 }] });
  await until_units('#units-more', { ordered: 3, allocated: 3 });
});

test('units added to a fulfilled order are held', async () => {
  await shipped('#afterwards', [{ sku: 'A' }]);
  await world.act('#afterwards', 'edit', { lines: [{ sku: 'B', quantity: 1 }] });
  await world.act('#afterwards', 'pay');
  await world.until_held('#afterwards', 'added_after_fulfilment');
});

/* ---- refunds ---- */

test('a partial refund of a fulfilled order changes no state, a full one makes it refunded', async () => {
  await shipped('#refunded', [{ sku: 'A', quantity: 2 }]);
  await world.act('#refunded', 'refund', { amount: '1.00', restock_type: 'no_restock' });
  const order = await until('the partial refund', async () => {
    const now = await world.find('#refunded');
    return now.payment_status === 'partially_refunded' && now;
  });
  assert.strictEqual(order.state, 'fulfilled');
  assert.strictEqual(order.refunded, 10000);
  await world.act('#refunded', 'refund', { amount: '29.00', restock_type: 'no_restock' });
  await world.until_state('#refunded', 'refunded');
});

test('no stock is promised that nobody is owed', async () => {
  assert.deepStrictEqual(await world.db.rows(`SELECT s.item_id, s.allocated FROM stock AS s
    WHERE s.allocated <> (SELECT coalesce(sum(a.quantity), 0) FROM allocation AS a
      JOIN shipment AS p ON p.id = a.shipment_id AND p.location_id = s.location_id AND p.state <> 'shipped'
      JOIN line_part AS l ON l.id = a.line_part_id AND l.item_id = s.item_id)`), []);
  assert.deepStrictEqual(await world.db.rows('SELECT * FROM audit_broken(0, 9223372036854775807)'), []);
});
