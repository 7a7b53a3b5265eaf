'use strict';

/*
 * A unit of a line is in one place: cancelled, allocated, shipped, waiting or open. The sums hold
 * whatever SQL the workers' user sends.
 */

const test = require('node:test');
const assert = require('assert');
const { Schema, line, order, part, promise, receive, shipment, wait } = require('../lib');

const DENIED = { code: '42501', message: /permission denied/ };
const SUM = { code: '23514', message: /line_part_check/ };
const FIVE = receive(1, 1, 100) + order(1) + line(1, 1, { ordered: 5 }) + shipment(1, 1) + shipment(2, 1);
const SHIP = "UPDATE shipment SET state = 'shipped' WHERE id = 1;";

let schema;
test.before(async () => { schema = await Schema.open('schema_lines'); });

const parts = (setup) => schema.sees(
  'SELECT quantity, cancelled, allocated, shipped, backordered FROM line_part ORDER BY id', setup);

test('counters of a part follow what happens to its units', async () => {
  const setup = `${FIVE} ${promise(1, 2)} ${SHIP} ${promise(1, 1, 2)} ${wait(1, 1)}
    UPDATE order_line SET cancelled = 1;`;
  assert.deepStrictEqual(await parts(setup), [{ quantity: 5, cancelled: 1, allocated: 1, shipped: 2, backordered: 1 }]);
});

test('units that wait no longer count as waiting', async () => {
  for (const end of ["state = 'filled', quantity = 0", "state = 'cancelled'"]) {
    const [{ backordered }] = await parts(`${FIVE} ${wait(1, 3)} UPDATE backorder SET ${end}, closed_at = now();`);
    assert.strictEqual(backordered, 0);
  }
});

test('no more units are allocated than were ordered', () => schema.refuses(promise(1, 6), SUM, FIVE));

test('nor shipped', () => schema.refuses(promise(1, 6, 3), SUM, FIVE + shipment(3, 1, { state: 'shipped', location: null })));

test('nor do more wait', async () => {
  await schema.refuses(wait(1, 6), SUM, FIVE);
  await schema.refuses('UPDATE backorder SET quantity = 6', SUM, FIVE + wait(1, 5));
});

test('nor are more cancelled', () => schema.refuses('UPDATE order_line SET cancelled = 6',
  { code: '23514', message: /order_line_check|line_part_check/ }, FIVE));

test('allocated, shipped, waiting and cancelled units together are no more than were ordered', async () => {
  const full = `${FIVE} ${promise(1, 2)} ${SHIP} ${promise(1, 1, 2)} ${wait(1, 2)} ${shipment(3, 1)}`;
  for (const attack of [promise(1, 1, 3), 'UPDATE order_line SET cancelled = 1', 'UPDATE order_line SET ordered = 4',
    'UPDATE backorder SET quantity = 3', 'UPDATE allocation SET quantity = 2 WHERE shipment_id = 2']) {
    await schema.refuses(attack, SUM, full);
  }
});

test('a line is not shortened below what has shipped', () => schema.refuses('UPDATE order_line SET ordered = 2', SUM,
  `${FIVE} ${promise(1, 3)} ${SHIP}`));

test('parts of a kit follow their line, times per unit', async () => {
  const setup = `${order(1)} ${line(1, 1, { ordered: 2, per_unit: 3 })} ${part(1, 2, 4)}
    UPDATE order_line SET ordered = 5, cancelled = 1;`;
  const none = { allocated: 0, shipped: 0, backordered: 0 };
  assert.deepStrictEqual(await parts(setup), [{ quantity: 15, cancelled: 3, ...none }, { quantity: 20, cancelled: 4, ...none }]);
});

test('a part that does not match its line is refused', async () => {
  for (const [of, per_unit, quantity, cancelled] of [[1, 1, 6, 0], [1, 2, 5, 0], [1, 1, 5, 1], [2, 1, 5, 0]]) {
    await schema.refuses(`INSERT INTO line_part (order_id, order_line_id, item_id, per_unit, quantity, cancelled)
      VALUES (${of}, 1, 1, ${per_unit}, ${quantity}, ${cancelled})`, { code: 'P0001', message: /a part must have/ },
    order(1) + order(2) + line(1, 1, { item: null }));
  }
});

test('an item is in a line once', () => schema.refuses(part(1, 1, 2), { code: '23505', message: /order_line_id_item_id/ }, FIVE));

test('the counters of parts are not writable', async () => {
  for (const column of ['quantity', 'cancelled', 'allocated', 'shipped', 'backordered', 'per_unit', 'item_id', 'order_line_id']) {
    await schema.refuses(`UPDATE line_part SET ${column} = 1`, DENIED, FIVE);
  }
  await schema.refuses(`INSERT INTO line_part (order_id, order_line_id, item_id, per_unit, quantity, shipped) VALUES (1, 1, 1, 1, 5, 5)`,
    DENIED, order(1) + line(1, 1, { item: null }));
});

test('parts and lines cannot be deleted', async () => {
  for (const table of ['line_part', 'order_line', 'orders', 'delivery_group', 'shipment']) {
    await schema.refuses(`DELETE FROM ${table}`, DENIED, FIVE);
    await schema.refuses(`TRUNCATE ${table}`, DENIED, FIVE);
  }
});

test('a line stays whose it is', async () => {
  for (const change of ['order_id = 2', "source_id = 'x'", 'id = 2']) {
    await schema.refuses(`UPDATE order_line SET ${change}`, DENIED, FIVE);
  }
});

test('a line stays what it is once its parts are known, and where it goes once units are planned', async () => {
  const stays = (message) => ({ code: '23000', message });
  const other = `INSERT INTO delivery_group (id, order_id, position, kind) VALUES (77, 1, 7, 'none');`;
  for (const change of ["sku = 'B'", "variant_id = 'B'"]) {
    await schema.refuses(`UPDATE order_line SET ${change}`, stays(/what line 1 consists of is known/), FIVE);
    assert.deepStrictEqual(await schema.sees('SELECT count(*)::int AS n FROM order_line', `${order(1)} ${line(1, 1, { item: null })} UPDATE order_line SET ${change};`), [{ n: 1 }]);
  }
  for (const change of ['needs_shipping = false', "delivery_group_id = 77"]) {
    assert.deepStrictEqual(await schema.sees('SELECT count(*)::int AS n FROM order_line', `${FIVE} ${other} UPDATE order_line SET ${change};`), [{ n: 1 }]);
    await schema.refuses(`UPDATE order_line SET ${change}`, stays(/units of line 1 are planned/), `${FIVE} ${other} ${promise(1, 2)}`);
  }
});

test('a line of a negative or absurd number of units is refused', async () => {
  for (const ordered of [-1, 1000001]) {
    await schema.refuses(line(2, 1, { ordered, item: null }), { code: '23514', message: /order_line_(ordered_)?check/ }, FIVE);
  }
  await schema.refuses(line(2, 1, { cancelled: -1, item: null }), { code: '23514', message: /order_line_cancelled_check/ }, FIVE);
});

test('one backorder at most waits for a part', async () => {
  await schema.refuses(wait(1, 1), { code: '23505', message: /backorder_waiting/ }, FIVE + wait(1, 1));
  const again = `${FIVE} ${wait(1, 1)} UPDATE backorder SET state = 'filled', quantity = 0, closed_at = now(); ${wait(1, 2)}`;
  assert.strictEqual((await parts(again))[0].backordered, 2);
});

test('a backorder is a promise: never deleted, not even by the owner', async () => {
  for (const attack of ['DELETE FROM backorder', 'TRUNCATE backorder']) {
    await schema.refuses(attack, DENIED, FIVE + wait(1, 1));
    await schema.refuses(attack, { code: 'P0001', message: /backorder is append-only/ }, FIVE + wait(1, 1), schema.owner);
  }
});

test('a backorder keeps its identity, part, item, order and place in the queue', async () => {
  for (const change of ['id = id + 1', 'line_part_id = 0', 'item_id = 2', 'order_id = 2', "since = '2000-01-01'"]) {
    await schema.refuses(`UPDATE backorder SET ${change}`, DENIED, FIVE + wait(1, 1));
  }
});

test('a backorder of another order or item than its part wants is refused', async () => {
  for (const [of, item] of [[2, 1], [1, 2]]) {
    await schema.refuses(`INSERT INTO backorder (order_id, line_part_id, item_id, quantity, wanted)
      SELECT ${of}, id, ${item}, 1, 1 FROM line_part`, { code: 'P0001', message: /a backorder must have/ }, FIVE + order(2));
  }
});

test('a backorder waits for something, is filled with nothing left, and closed when it is over', async () => {
  for (const change of ['quantity = 0', "state = 'filled', closed_at = now()", "state = 'cancelled'", 'closed_at = now()',
    "state = 'lost', closed_at = now()", 'quantity = -1']) {
    await schema.refuses(`UPDATE backorder SET ${change}`, { code: '23514', message: /backorder_\w*check/ }, FIVE + wait(1, 1));
  }
});

for (const [what, sql] of [
  ['a line', `INSERT INTO order_line (order_id, delivery_group_id, source_id, title, ordered, unit_price, unit_price_presentment, needs_shipping)
     VALUES (1, 2, 'x', 'A thing', 1, 1, 1, true)`],
  ['a shipment', 'INSERT INTO shipment (merchant_id, order_id, delivery_group_id, location_id) VALUES (1, 1, 2, 1)'],
  ['a hold', "INSERT INTO hold (order_id, delivery_group_id, kind, reason) VALUES (1, 2, 'store', 'x')"],
  ['a decision', "INSERT INTO routing_decision (order_id, delivery_group_id, is_optimal, nodes, detail) VALUES (1, 2, true, 0, '{}')"],
]) {
  test(`${what} is not of another order's delivery group`, () => schema.refuses(sql,
    { code: '23503', message: /delivery_group/ }, order(1) + order(2)));
}
