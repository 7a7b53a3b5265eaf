'use strict';

/*
 * At shipped, and only then, everything moves: stock, order, store and mail.
 */

const test = require('node:test');
const assert = require('assert');
const { Schema, line, order, part, promise, receive, shipment, wait } = require('../lib');

/* Order 1 of two units of item 1 and one of item 2, all in shipment 1. */
function ready({ state = 'released', store = 1 } = {}) {
  return `${receive(1, 1, 9)} ${receive(2, 1, 9)} ${order(1, { store })}
    ${line(1, 1, { ordered: 2 })} ${line(2, 1, { ordered: 1, item: 2 })}
    ${shipment(1, 1)} ${promise(1, 2)} ${promise(2, 1)} ${walk(state)}`;
}

function walk(state) {
  const path = { planned: [], released: ['released'], picked: ['released', 'picked'], submitted: ['released', 'submitted'] }[state];
  return path.map((to) => `UPDATE shipment SET state = '${to}' WHERE id = 1;`).join('');
}

const SHIP = 'SELECT role, id FROM shipments_ship(ARRAY[1])';
const STOCK = 'SELECT item_id, on_hand, allocated FROM stock ORDER BY 1';
const GONE = [{ item_id: 1, on_hand: 7, allocated: 0 }, { item_id: 2, on_hand: 8, allocated: 0 }];
const STAYS = [{ item_id: 1, on_hand: 9, allocated: 2 }, { item_id: 2, on_hand: 9, allocated: 1 }];

let schema;
test.before(async () => { schema = await Schema.open('schema_ship'); });

const state_of = async (setup) => (await schema.sees('SELECT state, step FROM orders WHERE id = 1', setup))[0];

test('on hand and allocated fall together, with one move per item', async () => {
  assert.deepStrictEqual(await schema.sees(STOCK, ready()), STAYS);
  assert.deepStrictEqual(await schema.sees(STOCK, `${ready()} ${SHIP};`), GONE);
  const moves = "SELECT item_id, delta, shipment_id FROM stock_move WHERE kind = 'ship' ORDER BY 1";
  assert.deepStrictEqual(await schema.sees(moves, `${ready()} ${SHIP};`),
    [{ item_id: 1, delta: -2, shipment_id: 1 }, { item_id: 2, delta: -1, shipment_id: 1 }]);
});

test('the order moves, and every step leaves its event', async () => {
  assert.deepStrictEqual(await state_of(`${ready()} UPDATE orders SET step = 'route'; ${SHIP};`), { state: 'fulfilled', step: null });
  assert.deepStrictEqual(await schema.sees('SELECT kind, to_state FROM order_event WHERE seq > 1 ORDER BY seq', `${ready()} ${SHIP};`), [
    { kind: 'shipment_state', to_state: 'shipped' }, { kind: 'order_state', to_state: 'fulfilled' }]);
});

test('an order with more to come is fulfilled in part, then whole', async () => {
  const setup = `${ready()} ${line(3, 1, { ordered: 1 })} ${wait(3, 1)} UPDATE orders SET step = 'route'; ${SHIP};`;
  assert.deepStrictEqual(await state_of(setup), { state: 'partially_fulfilled', step: 'route' });
  const rest = `${setup} UPDATE backorder SET state = 'filled', quantity = 0, closed_at = now(); ${shipment(2, 1)}
    ${promise(3, 1, 2)} UPDATE shipment SET state = 'released' WHERE id = 2; SELECT shipments_ship(ARRAY[2]);`;
  assert.deepStrictEqual(await state_of(rest), { state: 'fulfilled', step: null });
});

test('the store is to be told, and the customer mailed', async () => {
  const told = await schema.sees(SHIP, ready());
  assert.deepStrictEqual(told.map((row) => row.role).sort(), ['fulfill', 'notify']);
  assert.deepStrictEqual(await schema.sees('SELECT state, step, shipped_at = now() AS is_now FROM shipment', `${ready()} ${SHIP};`),
    [{ state: 'shipped', step: 'fulfill', is_now: true }]);
  assert.deepStrictEqual(await schema.sees('SELECT kind, subject_id, step FROM notice', `${ready()} ${SHIP};`),
    [{ kind: 'shipment', subject_id: 1, step: 'notify' }]);
});

test('no mail where the store mails its customers, and nobody to tell where orders are imported', async () => {
  assert.deepStrictEqual(await schema.sees(SHIP, ready({ store: 2 })), []);
  assert.deepStrictEqual(await schema.sees('SELECT state, step FROM shipment', `${ready({ store: 2 })} ${SHIP};`),
    [{ state: 'shipped', step: null }]);
});

test('a picked shipment ships', async () => {
  assert.deepStrictEqual(await schema.sees(STOCK, `${ready({ state: 'picked' })} ${SHIP};`), GONE);
});

for (const state of ['planned', 'submitted']) {
  test(`a ${state} shipment stays`, async () => {
    assert.deepStrictEqual(await schema.sees(SHIP, ready({ state })), []);
    assert.deepStrictEqual(await schema.sees(STOCK, `${ready({ state })} ${SHIP};`), STAYS);
  });
}

const BOUGHT = `${ready({ state: 'planned' })} UPDATE shipment SET step = 'label', lease = 'host/x', lease_until = now() + interval '1 hour';`;

test('a planned shipment leaves only for whoever holds its lease of label', async () => {
  const ship_as = (holder) => `SELECT role, id FROM shipments_ship(ARRAY[1], ${holder})`;
  assert.deepStrictEqual(await schema.sees(ship_as("'host/x'"), BOUGHT).then((due) => due.map((row) => row.role).sort()), ['fulfill', 'notify']);
  assert.deepStrictEqual(await schema.sees(STOCK, `${BOUGHT} ${ship_as("'host/x'")};`), GONE);
  assert.deepStrictEqual(await schema.sees('SELECT lease, step FROM shipment', `${BOUGHT} ${ship_as("'host/x'")};`), [{ lease: null, step: 'fulfill' }]);
  for (const [holder, more] of [["'host/y'", ''], ['NULL', ''], ["'host/x'", "UPDATE shipment SET step = 'rate';"]]) {
    assert.deepStrictEqual(await schema.sees(ship_as(holder), BOUGHT + more), []);
  }
});

test('a held shipment stays', async () => {
  const held = `${ready()} INSERT INTO hold (order_id, shipment_id, kind, reason) VALUES (1, 1, 'user', 'because');`;
  assert.deepStrictEqual(await schema.sees(SHIP, held), []);
  assert.deepStrictEqual(await schema.sees(STOCK, `${held} ${SHIP};`), STAYS);
});

test('shipping twice changes nothing more', async () => {
  assert.deepStrictEqual(await schema.sees(SHIP, `${ready()} ${SHIP};`), []);
  const twice = `${ready()} ${SHIP}; ${SHIP};`;
  assert.deepStrictEqual(await schema.sees(STOCK, twice), GONE);
  assert.deepStrictEqual(await schema.sees('SELECT count(*) AS n FROM notice', twice), [{ n: 1 }]);
});

test('units that a count has found missing do not ship', () => schema.refuses(SHIP, { code: '23514', message: /stock_on_hand_check/ },
  `${ready()} INSERT INTO stock_move (item_id, location_id, delta, kind) VALUES (1, 1, -8, 'count');`));

test('untracked items ship without a move', async () => {
  const setup = `${order(1)} ${line(1, 1, { item: 3 })} ${shipment(1, 1)} ${promise(1, 5)}
    ${walk('released')} ${SHIP};`;
  assert.deepStrictEqual(await schema.sees('SELECT 1 FROM stock_move', setup), []);
  assert.strictEqual((await state_of(setup)).state, 'fulfilled');
});

test('a kit is fulfilled when all its parts have shipped', async () => {
  const kit = `${receive(1, 1, 9)} ${receive(2, 1, 9)} ${order(1)} ${line(1, 1, { ordered: 1, per_unit: 2 })} ${part(1, 2)}
    ${shipment(1, 1)} ${shipment(2, 1)}
    INSERT INTO allocation (line_part_id, shipment_id, quantity) SELECT id, item_id, quantity FROM line_part;
    UPDATE shipment SET state = 'released'; ${SHIP};`;
  assert.strictEqual((await state_of(kit)).state, 'partially_fulfilled');
  assert.strictEqual((await state_of(`${kit} SELECT shipments_ship(ARRAY[2]);`)).state, 'fulfilled');
});

const PROGRESS = 'SELECT orders_progress(ARRAY[1]);';
const digital = (id) => line(id, 1, { item: null, needs_shipping: false });
const cancel = (id, units) => `UPDATE order_line SET cancelled = ${units} WHERE id = ${id};`;

test('an order of digital lines only is fulfilled at once', async () => {
  assert.strictEqual((await state_of(order(1) + digital(1) + PROGRESS)).state, 'fulfilled');
});

test('a digital line does not move an order that has units to ship', async () => {
  assert.strictEqual((await state_of(order(1) + digital(1) + line(2, 1) + PROGRESS)).state, 'awaiting_fulfillment');
});

test('a digital line left when the rest was cancelled makes the order fulfilled', async () => {
  assert.strictEqual((await state_of(order(1) + digital(1) + line(2, 1) + cancel(2, 5) + PROGRESS)).state, 'fulfilled');
});

test('an order all of whose units were cancelled is cancelled, from every state before shipping', async () => {
  for (const state of ['pending', 'payment_processing', 'paid', 'awaiting_fulfillment']) {
    assert.strictEqual((await state_of(order(1, { state }) + line(1, 1) + cancel(1, 5) + PROGRESS)).state, 'cancelled');
  }
});

test('an order with some units cancelled goes on', async () => {
  assert.strictEqual((await state_of(order(1) + line(1, 1) + cancel(1, 4) + PROGRESS)).state, 'awaiting_fulfillment');
});

test('cancelling the rest of a partly shipped order makes it fulfilled', async () => {
  assert.strictEqual((await state_of(`${ready()} ${line(3, 1)} ${SHIP}; ${cancel(3, 5)} ${PROGRESS}`)).state, 'fulfilled');
});

test('an order that is not paid is not fulfilled by what it consists of', async () => {
  for (const state of ['pending', 'payment_processing', 'paid']) {
    assert.strictEqual((await state_of(order(1, { state }) + digital(1) + PROGRESS)).state, state);
  }
});
