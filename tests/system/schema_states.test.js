'use strict';

/*
 * Orders and shipments go from state to state by DESIGN's list only, and each step leaves one event.
 */

const test = require('node:test');
const assert = require('assert');
const { Schema, line, order, promise, receive, shipment, wait } = require('../lib');

const ORDER = {
  pending: ['payment_processing', 'cancelled'],
  payment_processing: ['paid', 'cancelled'],
  paid: ['awaiting_fulfillment', 'cancelled'],
  awaiting_fulfillment: ['partially_fulfilled', 'fulfilled', 'cancelled'],
  partially_fulfilled: ['fulfilled'],
  fulfilled: ['delivered', 'refunded'],
  delivered: ['refunded'],
  cancelled: [],
  refunded: [],
};
const SHIPMENT = {
  planned: ['released', 'shipped', 'cancelled'],
  released: ['picked', 'submitted', 'shipped', 'cancelled'],
  picked: ['released', 'shipped', 'cancelled'],
  submitted: ['accepted', 'rejected', 'cancelled'],
  accepted: ['shipped', 'cancelled'],
  rejected: ['cancelled'],
  shipped: ['delivered'],
  delivered: [],
  cancelled: [],
};
const DENIED = { code: '42501', message: /permission denied/ };

let schema;
test.before(async () => { schema = await Schema.open('schema_states'); });

/* what: order or shipment; a test for each step of the full matrix. */
function matrix(what, table, legal, make) {
  for (const from of Object.keys(legal)) {
    for (const to of Object.keys(legal)) {
      if (from === to) continue;
      const step = `UPDATE ${table} SET state = '${to}' WHERE id = 1;`;
      if (legal[from].includes(to)) {
        test(`${what}: ${from} -> ${to} is allowed and leaves one event`, async () => {
          assert.deepStrictEqual(
            await schema.sees('SELECT seq, actor, kind, shipment_id, from_state, to_state FROM order_event', make(from) + step),
            [{ seq: 1, actor: 'user:waybill', kind: `${what}_state`, shipment_id: what === 'order' ? null : 1,
              from_state: from, to_state: to }]);
        });
      } else {
        test(`${what}: ${from} -> ${to} is refused`, () => schema.refuses(step,
          { code: 'P0001', message: new RegExp(`${what} 1 cannot go from ${from} to ${to}`) }, make(from)));
      }
    }
  }
}

matrix('order', 'orders', ORDER, (state) => order(1, { state }));
matrix('shipment', 'shipment', SHIPMENT, (state) => order(1) + shipment(1, 1, { state }));

test('the matrices are of all states there are', async () => {
  for (const [table, legal] of [['orders', ORDER], ['shipment', SHIPMENT]]) {
    const [{ rule }] = await schema.sees(`SELECT pg_get_constraintdef(oid) AS rule FROM pg_constraint WHERE conname = '${table}_state_check'`);
    assert.deepStrictEqual([...rule.matchAll(/'(\w+)'/g)].map((match) => match[1]).sort(), Object.keys(legal).sort());
  }
});

test('other states do not exist', async () => {
  await schema.refuses(order(1, { state: 'lost' }), { code: '23514', message: /orders_state_check/ });
  await schema.refuses(shipment(1, 1, { state: 'lost' }), { code: '23514', message: /shipment_state_check/ }, order(1));
});

test('a step to the same state is none, and leaves no event', async () => {
  assert.deepStrictEqual(await schema.sees('SELECT 1 FROM order_event',
    `${order(1)} ${shipment(1, 1)} UPDATE orders SET state = state; UPDATE shipment SET state = state;`), []);
});

test('the lists of states and steps are not writable', async () => {
  for (const table of ['order_transition', 'shipment_transition']) {
    for (const attack of [`INSERT INTO ${table} SELECT * FROM ${table}`, `DELETE FROM ${table}`, `TRUNCATE ${table}`]) {
      await schema.refuses(attack, DENIED);
    }
  }
});

test('an event names the process that acts', async () => {
  assert.deepStrictEqual(await schema.sees('SELECT actor FROM order_event',
    `SET LOCAL waybill.actor = 'worker:route'; ${order(1)} UPDATE orders SET state = 'cancelled';`), [{ actor: 'worker:route' }]);
});

const FULFIL = "UPDATE orders SET state = 'fulfilled' WHERE id = 1;";
const TO_SHIP = { code: 'P0001', message: /units are still to ship/ };
const FIVE = receive(1, 1, 5) + order(1) + line(1, 1) + shipment(1, 1);
const SHIP = "UPDATE shipment SET state = 'shipped';";

test('an order is not fulfilled while units are open, allocated or waiting', async () => {
  await schema.refuses(FULFIL, TO_SHIP, FIVE);
  await schema.refuses(FULFIL, TO_SHIP, FIVE + promise(1, 5));
  await schema.refuses(FULFIL, TO_SHIP, FIVE + wait(1, 5));
  await schema.refuses(FULFIL, TO_SHIP, FIVE + promise(1, 4) + SHIP);
});

test('an order is not fulfilled while a line that needs shipping is of unknown items', async () => {
  await schema.refuses(FULFIL, TO_SHIP, order(1) + line(1, 1, { item: null }));
});

test('an order is fulfilled when all units have shipped, are cancelled or need no shipping', async () => {
  const setup = `${FIVE} ${line(2, 1, { item: null, needs_shipping: false })} ${line(3, 1, { item: null, cancelled: 5 })}
    ${promise(1, 4)} ${SHIP} UPDATE order_line SET cancelled = 1 WHERE id = 1; ${FULFIL}`;
  assert.deepStrictEqual(await schema.sees('SELECT state FROM orders', setup), [{ state: 'fulfilled' }]);
});

test('an order is not cancelled while units are allocated, have shipped or wait', async () => {
  const cancel = "UPDATE orders SET state = 'cancelled' WHERE id = 1";
  const refused = { code: 'P0001', message: /order 1 cannot be cancelled/ };
  await schema.refuses(cancel, refused, FIVE + promise(1, 1));
  await schema.refuses(cancel, refused, FIVE + promise(1, 1) + SHIP);
  await schema.refuses(cancel, refused, FIVE + wait(1, 1));
});

test('a shipment is not cancelled with units in it', () => schema.refuses("UPDATE shipment SET state = 'cancelled'",
  { code: 'P0001', message: /units are still in it/ }, FIVE + promise(1, 1)));
