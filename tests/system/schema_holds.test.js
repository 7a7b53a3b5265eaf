'use strict';

/*
 * A hold marks what it stops, and what it no longer stops is due again.
 */

const test = require('node:test');
const assert = require('assert');
const { Schema, order, shipment } = require('../lib');

/* One order of two groups, 1 and 2, with the shipments 1 (group 1) and 2 (group 2); all due an hour ago. */
const TWO = `${order(1)} ${shipment(1, 1)}
  INSERT INTO delivery_group (id, order_id, position, kind) VALUES (2, 1, 1, 'ship');
  INSERT INTO shipment (id, merchant_id, order_id, delivery_group_id, location_id) VALUES (2, 1, 1, 2, 1);
  UPDATE orders SET step = 'route', due_at = now() - interval '1 hour';
  UPDATE shipment SET step = 'rate', due_at = now() - interval '1 hour';`;
const ON = { order: 'NULL, NULL', group: '2, NULL', shipment: 'NULL, 2' };
const hold = (on, kind = 'user') => `
  INSERT INTO hold (order_id, delivery_group_id, shipment_id, kind, reason) VALUES (1, ${ON[on]}, '${kind}', 'because');`;
const clear = (kind = 'user') => `UPDATE hold SET cleared_by = 'user:x', cleared_at = now() WHERE kind = '${kind}';`;

let schema;
test.before(async () => { schema = await Schema.open('schema_holds'); });

/* What is held, of orders o, groups g and shipments s. */
async function held(setup) {
  const rows = await schema.sees(`SELECT 'o' || id AS what FROM orders WHERE is_held UNION ALL
    SELECT 'g' || id FROM delivery_group WHERE is_held UNION ALL SELECT 's' || id FROM shipment WHERE is_held`, setup);
  return rows.map((row) => row.what).sort().join(' ');
}

/* What became due just now. */
async function due(setup) {
  const rows = await schema.sees(`SELECT 'o' || id AS what FROM orders WHERE due_at = now() UNION ALL
    SELECT 's' || id FROM shipment WHERE due_at = now()`, setup);
  return rows.map((row) => row.what).sort().join(' ');
}

for (const [on, marked, due_again] of [['order', 'o1 s1 s2', 'o1 s1 s2'], ['group', 'g2 s2', 'o1 s2'], ['shipment', 's2', 's2']]) {
  test(`a hold on one ${on} marks ${marked}`, async () => {
    assert.strictEqual(await held(TWO + hold(on)), marked);
    assert.strictEqual(await due(TWO + hold(on)), '');
  });

  test(`clearing a hold on one ${on} makes ${due_again} due again`, async () => {
    assert.strictEqual(await held(TWO + hold(on) + clear()), '');
    assert.strictEqual(await due(TWO + hold(on) + clear()), due_again);
  });

  test(`of two holds on one ${on} both must be cleared`, async () => {
    assert.strictEqual(await held(TWO + hold(on) + hold(on, 'weight') + clear()), marked);
    assert.strictEqual(await due(TWO + hold(on) + hold(on, 'weight') + clear()), '');
  });
}

test('a shipment stays held while its group or order is', async () => {
  assert.strictEqual(await held(TWO + hold('order', 'one') + hold('shipment', 'two') + clear('one')), 's2');
  assert.strictEqual(await held(TWO + hold('order', 'one') + hold('group', 'two') + clear('two')), 'o1 s1 s2');
});

test('a shipment that is made under a hold on its order or group is born held', async () => {
  const made = 'INSERT INTO shipment (id, merchant_id, order_id, delivery_group_id, location_id) VALUES (3, 1, 1, 2, 1);';
  assert.strictEqual(await held(TWO + hold('order') + made), 'o1 s1 s2 s3');
  assert.strictEqual(await held(TWO + hold('group') + made), 'g2 s2 s3');
  assert.strictEqual(await held(TWO + hold('shipment') + made), 's2');
  assert.strictEqual(await held(TWO + hold('order') + clear() + made), '');
});

test('an order planned without a held group is planned again when that is cleared', async () => {
  const planned = `${TWO} ${hold('group')} UPDATE orders SET step = NULL; ${clear()}`;
  assert.deepStrictEqual(await schema.sees('SELECT step, due_at = now() AS is_due FROM orders', planned),
    [{ step: 'route', is_due: true }]);
});

test('what is dead stays dead when a hold is cleared', async () => {
  const dead = "UPDATE orders SET due_at = 'infinity'; UPDATE shipment SET due_at = 'infinity';";
  for (const on of Object.keys(ON)) assert.strictEqual(await due(TWO + dead + hold(on) + clear()), '');
});

test('setting and clearing a hold leaves an event each', async () => {
  assert.deepStrictEqual(await schema.sees('SELECT kind, shipment_id, note, detail->>\'kind\' AS hold FROM order_event ORDER BY seq',
    TWO + hold('shipment', 'weight') + clear('weight')), [
    { kind: 'held', shipment_id: 2, note: 'because', hold: 'weight' },
    { kind: 'hold_cleared', shipment_id: 2, note: 'because', hold: 'weight' }]);
});

test('one thing has one open hold of a kind; after it was cleared, another', async () => {
  for (const on of Object.keys(ON)) {
    await schema.refuses(hold(on), { code: '23505', message: /hold_open/ }, TWO + hold(on));
    assert.notStrictEqual(await held(TWO + hold(on) + clear() + hold(on)), '');
  }
});

test('a hold keeps its kind, its reason, and what it is on; it is never deleted', async () => {
  for (const attack of ["UPDATE hold SET kind = 'x'", "UPDATE hold SET reason = 'x'", 'UPDATE hold SET order_id = 1',
    'UPDATE hold SET shipment_id = 1', "UPDATE hold SET set_by = 'x'", 'DELETE FROM hold', 'TRUNCATE hold']) {
    await schema.refuses(attack, { code: '42501', message: /permission denied/ }, TWO + hold('order'));
  }
});

test('a hold says why, and who cleared it when', async () => {
  const check = { code: '23514', message: /hold_\w*check/ };
  await schema.refuses("INSERT INTO hold (order_id, kind, reason) VALUES (1, 'user', '')", check, TWO);
  await schema.refuses('UPDATE hold SET cleared_at = now()', check, TWO + hold('order'));
  await schema.refuses(`INSERT INTO hold (order_id, delivery_group_id, shipment_id, kind, reason)
    VALUES (1, 1, 1, 'user', 'x')`, check, TWO);
});
