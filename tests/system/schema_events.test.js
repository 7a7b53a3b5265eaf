'use strict';

/*
 * The audit trail: events are written once, in order, with the database's own time and hash; what
 * was done to them behind its back is found.
 */

const test = require('node:test');
const assert = require('assert');
const { Schema, order } = require('../lib');

const DENIED = { code: '42501', message: /permission denied/ };
const add = (of, { actor, kind = 'noted', note = '' }) => (
  `SELECT events_add(ARRAY[${of}], ARRAY['${kind}'], notes => ARRAY['${note}']${actor === undefined ? '' : `, actors => ARRAY['${actor}']`});`);
const event = (note, of = 1) => add(of, { note });
const THREE = order(1) + event('one') + event('two') + event('three') + order(2) + event('other', 2);
const ATTACKS = ["UPDATE order_event SET note = 'x'", 'DELETE FROM order_event', 'TRUNCATE order_event'];

let schema;
test.before(async () => { schema = await Schema.open('schema_events'); });

test('events are numbered per order, from one, without a gap', async () => {
  assert.deepStrictEqual(await schema.sees('SELECT order_id, seq, note FROM order_event ORDER BY 1, 2', THREE), [
    { order_id: 1, seq: 1, note: 'one' }, { order_id: 1, seq: 2, note: 'two' }, { order_id: 1, seq: 3, note: 'three' },
    { order_id: 2, seq: 1, note: 'other' }]);
});

test('events of one statement keep its order', async () => {
  const setup = `${order(1)} ${order(2)} ${event('0', 2)}
    SELECT events_add(array_agg(CASE WHEN n % 3 = 0 THEN 2 ELSE 1 END), array_agg('noted'::text), notes => array_agg(n::text))
      FROM generate_series(1, 20) AS n;`;
  const notes = (of) => schema.sees(`SELECT seq, note::int AS note FROM order_event WHERE order_id = ${of} ORDER BY seq`, setup);
  const wanted = (numbers) => numbers.map((note, i) => ({ seq: i + 1, note }));
  assert.deepStrictEqual(await notes(1), wanted([1, 2, 4, 5, 7, 8, 10, 11, 13, 14, 16, 17, 19, 20]));
  assert.deepStrictEqual(await notes(2), wanted([0, 3, 6, 9, 12, 15, 18]));
  assert.deepStrictEqual(await schema.sees('SELECT * FROM audit_broken(1, 9)', setup), []);
});

test('an event cannot be changed or removed', async () => {
  for (const attack of ATTACKS) await schema.refuses(attack, DENIED, THREE);
});

test('not even by the owner', async () => {
  for (const attack of [...ATTACKS, 'UPDATE order_event SET note = note WHERE false']) {
    await schema.refuses(attack, { code: 'P0001', message: /order_event is append-only/ }, THREE, schema.owner);
  }
});

test('number, time and hash of an event are the database\'s own: there is no way in but one', async () => {
  assert.deepStrictEqual(await schema.sees('SELECT seq, at = now() AS is_now, length(hash) AS length FROM order_event',
    order(1) + event('one')), [{ seq: 1, is_now: true, length: 32 }]);
  const row = "(order_id, seq, at, actor, kind, hash) VALUES (1, 4, now(), 'user:test', 'forged', '\\x00')";
  await schema.refuses(`INSERT INTO order_event ${row}`, DENIED, THREE);
  await schema.refuses(`INSERT INTO order_event ${row} ON CONFLICT (order_id, seq) DO UPDATE SET note = 'x'`, DENIED, THREE);
});

test('what the owner writes past that way the audit names', async () => {
  const forged = `${THREE} INSERT INTO order_event (order_id, seq, at, actor, kind, hash)
    VALUES (1, 4, now(), 'user:test', 'forged', sha256('x'));`;
  assert.deepStrictEqual(await schema.sees('SELECT * FROM audit_broken(1, 9)', forged, schema.owner),
    [{ order_id: 1, seq: 4, problem: CHANGED }]);
});

test('an event of a wild kind, or by somebody whom the login may not speak for, is refused', async () => {
  await schema.refuses(add(1, { kind: 'A kind' }), { code: '23514', message: /order_event_kind_check/ }, THREE);
  await schema.refuses(add(1, { actor: `worker:${'x'.repeat(300)}` }), { code: '23514', message: /order_event_actor_check/ }, THREE);
  for (const actor of ['', 'x', 'user:test']) await schema.refuses(add(1, { actor }), { code: '42501', message: /may not act as/ }, THREE);
});

test('an endless note is cut', async () => {
  assert.deepStrictEqual(await schema.sees('SELECT length(note) AS long FROM order_event WHERE seq = 4',
    `${THREE} ${add(1, { note: 'x'.repeat(5000) })}`), [{ long: 1000 }]);
});

test('each hash covers the one before', async () => {
  assert.deepStrictEqual(await schema.sees(`SELECT 1
    FROM order_event AS e JOIN order_event AS p ON p.order_id = e.order_id AND p.seq = e.seq - 1
    WHERE e.hash <> order_event_hash(p.hash, e)`, THREE), []);
  const [{ n }] = await schema.sees('SELECT count(DISTINCT hash) AS n FROM order_event', THREE);
  assert.strictEqual(n, 4);
});

test('an untouched chain is whole', async () => {
  assert.deepStrictEqual(await schema.sees('SELECT * FROM audit_broken(1, 9)', THREE), []);
});

/* What a superuser does with all triggers off, and where the audit finds it. */
const CHANGED = 'it is not what was written';
const MISSING = 'an event is missing before it';
for (const [what, tampering, seq, problem] of [
  ['a changed note', "UPDATE order_event SET note = 'x' WHERE order_id = 1 AND seq = 2", 2, CHANGED],
  ['a changed author', "UPDATE order_event SET actor = 'user:x' WHERE order_id = 1 AND seq = 3", 3, CHANGED],
  ['a changed time', "UPDATE order_event SET at = at - interval '1 microsecond' WHERE order_id = 1 AND seq = 1", 1, CHANGED],
  ['an added detail', "UPDATE order_event SET detail = '{}' WHERE order_id = 1 AND seq = 1", 1, CHANGED],
  ['a changed note with a hash that fits', `UPDATE order_event AS e SET note = 'x', hash = order_event_hash(
    (SELECT hash FROM order_event WHERE order_id = 1 AND seq = 1),
    ROW(e.order_id, e.seq, e.at, e.actor, e.kind, e.shipment_id, e.from_state, e.to_state, 'x', e.detail, e.hash)::order_event)
    WHERE order_id = 1 AND seq = 2`, 3, CHANGED],
  ['a removed first event', 'DELETE FROM order_event WHERE order_id = 1 AND seq = 1', 2, MISSING],
  ['a removed event', 'DELETE FROM order_event WHERE order_id = 1 AND seq = 2', 3, MISSING],
  ['a removed event with the later ones renumbered', `DELETE FROM order_event WHERE order_id = 1 AND seq = 2;
    UPDATE order_event SET seq = 2 WHERE order_id = 1 AND seq = 3`, 2, CHANGED],
  ['two events swapped', `UPDATE order_event SET seq = 9 WHERE order_id = 1 AND seq = 2;
    UPDATE order_event SET seq = 2 WHERE order_id = 1 AND seq = 3;
    UPDATE order_event SET seq = 3 WHERE order_id = 1 AND seq = 9`, 2, CHANGED],
  ['an event moved in from another order', `DELETE FROM order_event WHERE order_id = 1 AND seq = 1;
    UPDATE order_event SET order_id = 1 WHERE order_id = 2`, 1, CHANGED],
]) {
  test(`the audit names ${what}, and no other order`, async () => {
    const setup = `${THREE} SET LOCAL session_replication_role = replica; ${tampering};`;
    assert.deepStrictEqual(await schema.sees('SELECT * FROM audit_broken(1, 9)', setup, schema.admin),
      [{ order_id: 1, seq, problem }]);
  });
}

test('an erasure of personal data leaves the chain whole', async () => {
  const setup = `${THREE} UPDATE orders SET customer_name = 'x', email = 'x'; UPDATE orders SET customer_name = NULL, email = NULL;`;
  assert.deepStrictEqual(await schema.sees('SELECT * FROM audit_broken(1, 9)', setup), []);
});

test('triggers cannot be switched off by the workers', async () => {
  for (const attack of ["SET session_replication_role = 'replica'", 'ALTER TABLE order_event DISABLE TRIGGER ALL',
    'DROP TRIGGER append_only ON order_event']) {
    await schema.refuses(attack, { code: '42501', message: /permission denied|must be owner/ });
  }
});

test('an event belongs to an order, which stays under its number', async () => {
  await schema.refuses(event('x', 99), { code: '23503', message: /orders that are not there/ });
  await schema.refuses('UPDATE orders SET id = 99', { code: 'P0001', message: /UPDATE refused/ }, order(1));
  for (const attack of ['DELETE FROM orders', 'TRUNCATE orders CASCADE', 'UPDATE orders SET id = 99']) {
    await schema.refuses(attack, { code: 'P0001', message: /refused/ }, order(1), schema.owner);
  }
});
