'use strict';

/*
 * Stock is never promised twice, whatever SQL the workers' user sends.
 */

const test = require('node:test');
const assert = require('assert');
const { Schema, line, order, promise, receive, shipment, wait } = require('../lib');

const DENIED = { code: '42501', message: /permission denied/ };
const TWICE = { code: 'P0001', message: /cannot be promised twice/ };
const FIVE = receive(1, 1, 5) + order(1) + line(1, 1, { ordered: 9 }) + shipment(1, 1);
const SHIP = "UPDATE shipment SET state = 'shipped' WHERE id = 1;";
const PROMISED = FIVE + promise(1, 5);

let schema;
test.before(async () => { schema = await Schema.open('schema_stock'); });

const stock = (setup, item = 1, location = 1) => schema.sees(
  `SELECT on_hand, allocated FROM stock WHERE item_id = ${item} AND location_id = ${location}`, setup);

test('what is there can be promised, to the last unit', async () => {
  assert.deepStrictEqual(await stock(PROMISED), [{ on_hand: 5, allocated: 5 }]);
});

test('more than is there cannot be promised', () => schema.refuses(promise(1, 6), TWICE, FIVE));

test('nor in small steps', () => schema.refuses(promise(1, 1, 2), TWICE, PROMISED + shipment(2, 1)));

test('nor in several rows of one statement', () => schema.refuses(`
  INSERT INTO allocation (line_part_id, shipment_id, quantity)
    SELECT id, n, 2 FROM line_part, generate_series(1, 3) AS n`, TWICE, FIVE + shipment(2, 1) + shipment(3, 1)));

test('nor by raising an allocation', () => schema.refuses('UPDATE allocation SET quantity = 6', TWICE, PROMISED));

test('nor to two lines that share an item', () => schema.refuses(promise(2, 1), TWICE,
  FIVE + line(2, 1, { ordered: 5 }) + promise(1, 5)));

test('nor by an INSERT that turns into an UPDATE', () => schema.refuses(`
  INSERT INTO allocation (line_part_id, shipment_id, quantity) SELECT id, 1, 6 FROM line_part
    ON CONFLICT (line_part_id, shipment_id) DO UPDATE SET quantity = 6`, TWICE, PROMISED));

test('nor where there was never any stock', () => schema.refuses(promise(1, 1, 2), TWICE,
  FIVE + shipment(2, 1, { location: 3 })));

test('nor after a count has made a shortage', async () => {
  const short = `${PROMISED} INSERT INTO stock_move (item_id, location_id, delta, kind) VALUES (1, 1, -2, 'count');`;
  assert.deepStrictEqual(await stock(short), [{ on_hand: 3, allocated: 5 }]);
  await schema.refuses('UPDATE allocation SET quantity = 6', TWICE, short);
  assert.deepStrictEqual(await stock(`${short} UPDATE allocation SET quantity = 4;`), [{ on_hand: 3, allocated: 4 }]);
});

test('an allocation keeps its part and its shipment, and the shipment its order and place', async () => {
  for (const change of ['line_part_id = 2', 'shipment_id = 2']) {
    await schema.refuses(`UPDATE allocation SET ${change}, quantity = 9`, DENIED, PROMISED);
    await schema.refuses(`UPDATE allocation SET ${change}`, { code: 'P0001', message: /UPDATE refused/ }, PROMISED, schema.owner);
  }
  for (const change of ['id = 9', 'order_id = 9', 'delivery_group_id = 9', 'location_id = 2', 'location_id = NULL']) {
    await schema.refuses(`UPDATE shipment SET ${change}`, { code: 'P0001', message: /UPDATE refused/ }, PROMISED);
  }
});

test('an allocation in a shipment of another order, or a cancelled one, or none, is refused', async () => {
  const wrong = { code: 'P0001', message: /units must be in a shipment of their order/ };
  await schema.refuses(promise(1, 1, 2), wrong, FIVE + order(2) + shipment(2, 2));
  await schema.refuses(promise(1, 1, 2), wrong, FIVE + shipment(2, 1, { state: 'cancelled' }));
  await schema.refuses(promise(1, 1, 2), wrong, FIVE);
  await schema.refuses('INSERT INTO allocation (line_part_id, shipment_id, quantity) VALUES (0, 1, 1)', wrong, FIVE);
});

test('units of nothing cannot be allocated', async () => {
  const check = { code: '23514', message: /allocation_quantity_check/ };
  await schema.refuses(promise(1, 0), check, FIVE);
  await schema.refuses(promise(1, -1), check, FIVE);
});

test('units come from a place until they have shipped', () => schema.refuses(promise(1, 1, 2),
  { code: 'P0001', message: /from a location/ }, FIVE + shipment(2, 1, { location: null })));

test('untracked items can always be promised, and have no numbers', async () => {
  const setup = order(1) + line(1, 1, { ordered: 1000, item: 3 }) + shipment(1, 1) + promise(1, 1000);
  assert.deepStrictEqual(await stock(setup, 3), []);
  assert.deepStrictEqual(await schema.sees('SELECT allocated FROM line_part', setup), [{ allocated: 1000 }]);
});

test('tracking cannot be switched while units are promised', async () => {
  const promised = { code: 'P0001', message: /has units promised/ };
  await schema.refuses('UPDATE item SET is_tracked = false WHERE id = 1', promised, PROMISED);
  await schema.refuses('UPDATE item SET is_tracked = true WHERE id = 3', promised,
    order(1) + line(1, 1, { item: 3 }) + shipment(1, 1) + promise(1, 1));
});

test('the numbers of stock are not writable', async () => {
  for (const attack of [
    'UPDATE stock SET on_hand = 100', 'UPDATE stock SET allocated = 0', 'UPDATE stock SET item_id = 2',
    'INSERT INTO stock (item_id, location_id, on_hand) VALUES (2, 2, 100)',
    'INSERT INTO stock (item_id, location_id, allocated) VALUES (2, 2, -100)',
    'INSERT INTO stock (item_id, location_id) VALUES (1, 1) ON CONFLICT (item_id, location_id) DO UPDATE SET on_hand = 100',
    'DELETE FROM stock', 'TRUNCATE stock',
  ]) await schema.refuses(attack, DENIED, PROMISED);
});

test('the owner himself cannot raise or create promises above what is there', async () => {
  await schema.refuses('UPDATE stock SET allocated = 6', TWICE, PROMISED, schema.owner);
  await schema.refuses('INSERT INTO stock (item_id, location_id, on_hand, allocated) VALUES (2, 2, 1, 2)', TWICE, '', schema.owner);
});

test('stock and promises are never negative', async () => {
  await schema.refuses("INSERT INTO stock_move (item_id, location_id, delta, kind) VALUES (1, 1, -6, 'count')",
    { code: '23514', message: /stock_on_hand_check/ }, FIVE);
  await schema.refuses('UPDATE stock SET allocated = -1', { code: '23514', message: /stock_allocated_check/ }, FIVE, schema.owner);
  await schema.refuses('INSERT INTO stock (item_id, location_id, safety_stock) VALUES (2, 2, -1)',
    { code: '23514', message: /stock_safety_stock_check/ });
});

test('units that ship leave the stock in the same statement', async () => {
  const shipped = FIVE + promise(1, 3) + SHIP;
  assert.deepStrictEqual(await stock(shipped), [{ on_hand: 2, allocated: 0 }]);
  await schema.refuses(promise(1, 3, 2), TWICE, shipped + shipment(2, 1));
  assert.deepStrictEqual(await schema.sees("SELECT delta, kind, actor FROM stock_move WHERE kind = 'ship'", shipped),
    [{ delta: -3, kind: 'ship', actor: 'user:waybill' }]);
});

test('units the store has shipped itself leave at once, and nobody needs to know from where', async () => {
  const gone = FIVE + shipment(2, 1, { state: 'shipped' }) + promise(1, 3, 2);
  assert.deepStrictEqual(await stock(gone), [{ on_hand: 2, allocated: 0 }]);
  const counted = 'SELECT allocated, shipped FROM line_part';
  assert.deepStrictEqual(await schema.sees(counted, gone), [{ allocated: 0, shipped: 3 }]);
  const somewhere = FIVE + shipment(2, 1, { state: 'shipped', location: null }) + promise(1, 3, 2);
  assert.deepStrictEqual(await stock(somewhere), [{ on_hand: 5, allocated: 0 }]);
  assert.deepStrictEqual(await schema.sees(counted, somewhere), [{ allocated: 0, shipped: 3 }]);
});

test('units ship with their shipment only, not by a move of their own', async () => {
  const attack = "INSERT INTO stock_move (item_id, location_id, delta, kind, shipment_id) VALUES (1, 1, -1, 'ship', 1)";
  for (const as of [schema.db, schema.owner]) {
    await schema.refuses(attack, { code: 'P0001', message: /units ship with their shipment/ }, PROMISED, as);
  }
});

test('shipped units cannot be taken back', async () => {
  const shipped = PROMISED + SHIP;
  const stays = { code: 'P0001', message: /have shipped stay shipped/ };
  await schema.refuses('DELETE FROM allocation', stays, shipped);
  for (const quantity of [1, 6]) await schema.refuses(`UPDATE allocation SET quantity = ${quantity}`, stays, shipped);
  await schema.refuses('DELETE FROM allocation', stays, `${shipped} UPDATE shipment SET state = 'delivered';`);
  await schema.refuses('TRUNCATE allocation', DENIED, shipped);
  await schema.refuses('TRUNCATE allocation', { code: 'P0001', message: /append-only/ }, '', schema.owner);
});

test('units that are taken back are free again, and due to be released to who waits', async () => {
  const setup = `${PROMISED} ${wait(1, 4)} DELETE FROM allocation;`;
  assert.deepStrictEqual(await stock(setup), [{ on_hand: 5, allocated: 0 }]);
  assert.deepStrictEqual(await schema.sees('SELECT step FROM item WHERE id = 1', setup), [{ step: 'release' }]);
});

test('a receipt makes release due for items that somebody waits for, and only for them', async () => {
  const setup = order(1) + line(1, 1) + wait(1, 5) + receive(1, 1, 1) + receive(2, 1, 1);
  assert.deepStrictEqual(await schema.sees('SELECT id, step FROM item WHERE id < 3 ORDER BY id', setup),
    [{ id: 1, step: 'release' }, { id: 2, step: null }]);
});

test('stock is the sum of its ledger, moves of one statement included', async () => {
  const setup = `INSERT INTO stock_move (item_id, location_id, delta, kind) VALUES
    (1, 1, 5, 'receive'), (1, 1, 7, 'receive'), (1, 2, 1, 'receive'), (1, 1, -3, 'count');`;
  assert.deepStrictEqual(await schema.sees('SELECT location_id, on_hand FROM stock WHERE item_id = 1 ORDER BY 1', setup),
    [{ location_id: 1, on_hand: 9 }, { location_id: 2, on_hand: 1 }]);
});

test('the stock ledger is append-only, for the owner too', async () => {
  for (const attack of ['UPDATE stock_move SET delta = 100', 'DELETE FROM stock_move', 'TRUNCATE stock_move']) {
    await schema.refuses(attack, DENIED, FIVE);
    await schema.refuses(attack, { code: 'P0001', message: /stock_move is append-only/ }, FIVE, schema.owner);
  }
});

test('time and author of a stock move cannot be forged', async () => {
  for (const [column, value] of [['at', "'2000-01-01'"], ['actor', "'somebody'"]]) {
    await schema.refuses(`INSERT INTO stock_move (item_id, location_id, delta, kind, ${column})
      VALUES (1, 1, 1, 'receive', ${value})`, DENIED);
  }
});

test('moves of nothing, of absurd numbers and of unknown kinds are refused', async () => {
  for (const [delta, kind, check] of [[0, 'receive', 'delta'], [1000000001, 'receive', 'delta'], [1, 'gift', 'kind']]) {
    await schema.refuses(`INSERT INTO stock_move (item_id, location_id, delta, kind) VALUES (1, 1, ${delta}, '${kind}')`,
      { code: '23514', message: new RegExp(`stock_move_${check}_check`) });
  }
});
