'use strict';

/*
 * Work is rows: how a job fails, is freed, and is published again.
 */

const test = require('node:test');
const assert = require('assert');
const { Schema, order, shipment } = require('../lib');

const US = 'a/route@1/100/x';
const THEM = 'b/route@1/200/y';
const leased = (lease, id = 1) => `${order(id)}
  UPDATE orders SET step = 'route', attempt = 2, lease = '${lease}', lease_until = now() + interval '1 minute',
    published_at = now() WHERE id = ${id};`;
const fail = (due, counts, token = US, error = 'no answer') => (
  `SELECT work_fail('orders', '{1}', '${token}', ARRAY[${due}]::timestamptz[], '{${counts}}', ARRAY['${error}'])`);
const JOB = `SELECT attempt, lease, lease_until, published_at, error, due_at = 'infinity' AS is_dead, due_at > now() AS is_later
  FROM orders WHERE id = 1`;

let schema;
test.before(async () => { schema = await Schema.open('schema_work'); });

const free_job = { lease: null, lease_until: null, published_at: null };

test('a job that fails is freed, counted, and due again later, with the reason', async () => {
  const [job] = await schema.sees(JOB, `${leased(US)} ${fail("now() + interval '5 minutes'", 't')};`);
  assert.deepStrictEqual(job, { ...free_job, attempt: 3, error: 'no answer', is_dead: false, is_later: true });
});

test('a failure that does not count leaves the number of attempts', async () => {
  const [{ attempt }] = await schema.sees(JOB, `${leased(US)} ${fail('now()', 'f')};`);
  assert.strictEqual(attempt, 2);
});

test('a dead job is due never', async () => {
  const [{ is_dead }] = await schema.sees(JOB, `${leased(US)} ${fail("'infinity'", 't')};`);
  assert.strictEqual(is_dead, true);
});

test('a long reason is cut, not refused', async () => {
  const [{ error }] = await schema.sees(JOB, `${leased(US)} ${fail('now()', 't', US, 'ü'.repeat(600))};`);
  assert.strictEqual(error, 'ü'.repeat(500));
});

test('who lost the lease settles nothing', async () => {
  assert.deepStrictEqual(await schema.sees(fail('now()', 't'), leased(THEM)), []);
  const [job] = await schema.sees(JOB, `${leased(THEM)} ${fail('now()', 't')};`);
  assert.deepStrictEqual([job.attempt, job.lease, job.error], [2, THEM, null]);
});

test('a job that is done meanwhile does not fail', async () => {
  assert.deepStrictEqual(await schema.sees(fail('now()', 't'), `${leased(US)} UPDATE orders SET step = NULL;`), []);
});

test('the ids of the jobs that failed are returned', async () => {
  const both = `SELECT work_fail('orders', '{1,2}', '${US}', ARRAY[now(), now()], '{t,t}', '{a,b}')`;
  assert.deepStrictEqual(await schema.sees(both, leased(US) + leased(THEM, 2)), [{ work_fail: 1 }]);
});

test("a worker that starts frees what its former self held, and nobody else's", async () => {
  const setup = leased(US) + leased(THEM, 2) + leased('a/route@11/1/z', 3);
  assert.deepStrictEqual(await schema.sees("SELECT work_free('orders', 'a/route@1/')", setup), [{ work_free: 1 }]);
  assert.deepStrictEqual(await schema.sees('SELECT id FROM orders WHERE lease IS NULL',
    `${setup} SELECT work_free('orders', 'a/route@1/');`), [{ id: 1 }]);
});

test('a lease has an end, and attempts are not negative', async () => {
  await schema.refuses("UPDATE orders SET lease = 'x'", { code: '23514', message: /_check/ }, order(1));
  await schema.refuses('UPDATE orders SET attempt = -1', { code: '23514', message: /_attempt_check/ }, order(1));
  await schema.refuses("UPDATE orders SET step = 'dance'", { code: '23514', message: /_step_check/ }, order(1));
});

/* Orders 1 and 2, due to be routed for a minute and for two; and what waiting 30 s and asking again after 60 s publishes. */
const DUE = [1, 2].map((id) => `${order(id)}
  UPDATE orders SET step = 'route', due_at = now() - interval '${id} minutes' WHERE id = ${id};`).join('');
const publish = (most = 100, role = 'route', table = 'orders') => (
  `SELECT id FROM work_publish('${table}', '${role}', interval '30 seconds', interval '60 seconds', ${most})`);
const published = async (setup, ...args) => (await schema.sees(publish(...args), setup)).map((row) => row.id).sort();
const suspected = () => `${publish().replace('id', 'id, is_suspect')} ORDER BY id`;
const set = (what) => `${DUE} UPDATE orders SET ${what} WHERE id = 1;`;

test('jobs that were due for a while without being taken are published', async () => {
  assert.deepStrictEqual(await published(DUE), [1, 2]);
  assert.deepStrictEqual(await schema.sees('SELECT 1 FROM orders WHERE published_at IS DISTINCT FROM now()', `${DUE} ${publish()};`), []);
});

test('the oldest first, no more than asked for', async () => assert.deepStrictEqual(await published(DUE, 1), [2]));

test('each at most once within the time', async () => {
  assert.deepStrictEqual(await published(`${DUE} ${publish()};`), []);
  assert.deepStrictEqual(await published(set("published_at = now() - interval '59 seconds'")), [2]);
  assert.deepStrictEqual(await published(set("published_at = now() - interval '61 seconds'")), [1, 2]);
});

test('a job that has just become due is left to its first message', async () => {
  assert.deepStrictEqual(await published(set("due_at = now() - interval '29 seconds'")), [2]);
});

test('unless it is to be tried again after an error: then at once', async () => {
  assert.deepStrictEqual(await published(set("due_at = now(), error = 'no answer'")), [1, 2]);
});

for (const [what, change] of [['due later', "due_at = now() + interval '1 second'"], ['dead', "due_at = 'infinity', error = 'x'"],
  ['done', 'step = NULL'], ["another role's", "step = 'erase'"],
  ['leased', "lease = 'x', lease_until = now() + interval '1 second'"]]) {
  test(`a job that is ${what} is not published`, async () => assert.deepStrictEqual(await published(set(change)), [2]));
}

test('a lease that has run out keeps nothing from being published, and makes a suspect', async () => {
  const setup = set("lease = 'x', lease_until = now()");
  assert.deepStrictEqual(await published(setup), [1, 2]);
  assert.deepStrictEqual(await schema.sees(suspected(), setup), [{ id: 1, is_suspect: true }, { id: 2, is_suspect: false }]);
  assert.deepStrictEqual(await schema.sees('SELECT role, key, is_begun, tries FROM suspect', `${setup} ${publish()};`),
    [{ role: 'route', key: '1', is_begun: true, tries: 0 }]);
});

test('a suspect that is published again is still one', async () => {
  const setup = `${DUE} INSERT INTO suspect (role, key, is_begun, tries) VALUES ('route', '2', false, 2), ('rate', '1', false, 2);`;
  assert.deepStrictEqual(await schema.sees(suspected(), setup), [{ id: 1, is_suspect: false }, { id: 2, is_suspect: true }]);
});

test('what a worker that starts frees is suspected, whatever was known of it', async () => {
  const setup = `${leased(US)} ${leased(US, 2)} UPDATE orders SET step = 'route' WHERE id < 3;
    INSERT INTO suspect (role, key, is_begun, tries) VALUES ('route', '2', false, 3); SELECT work_free('orders', 'a/route@1/');`;
  assert.deepStrictEqual(await schema.sees('SELECT key, is_begun, tries FROM suspect ORDER BY key', setup),
    [{ key: '1', is_begun: true, tries: 0 }, { key: '2', is_begun: true, tries: 3 }]);
});

test('what a person says is due is no suspect any more', async () => {
  const setup = `${DUE} INSERT INTO suspect (role, key, is_begun, tries) VALUES ('route', '1', true, 3), ('route', '2', true, 3), ('rate', '1', true, 3);
    SELECT work_requeue('route', '{1}');`;
  assert.deepStrictEqual(await schema.sees('SELECT role, key FROM suspect ORDER BY role, key', setup), [{ role: 'rate', key: '1' }, { role: 'route', key: '2' }]);
});

test('held orders and shipments are not published', async () => {
  const held = `${DUE} ${shipment(1, 1)} ${shipment(2, 2)} UPDATE shipment SET step = 'rate', due_at = now() - interval '1 hour';
    INSERT INTO hold (order_id, kind, reason) VALUES (1, 'user', 'because');`;
  assert.deepStrictEqual(await published(held), [2]);
  assert.deepStrictEqual(await published(held, 100, 'rate', 'shipment'), [2]);
});

test('every table of work can be published from, failed and freed', async () => {
  const tables = (await schema.sees(`SELECT c.relname AS name FROM pg_attribute AS a JOIN pg_class AS c ON c.oid = a.attrelid
    WHERE a.attname = 'lease_until' AND c.relkind = 'r' AND c.relname <> 'work_columns'`)).map((row) => row.name);
  assert.ok(tables.length >= 10, tables.join());
  for (const table of tables) {
    await schema.sees(publish(1, 'renew', table), `SELECT work_free('${table}', 'x/');
      SELECT work_fail('${table}', '{1}', 'x', ARRAY[now()], '{t}', '{x}');`);
  }
});

test('clocks that run at once do not publish the same job', async () => {
  await schema.db.run(DUE);
  const printed = await Promise.all([1, 2, 3, 4].map(() => schema.db.run(`${publish(1)};`)));
  assert.deepStrictEqual(printed.filter((id) => id !== '').sort(), ['1', '2']);
});

test('no row waits for a role that there is not', async () => {
  for (const role of ['void', 'cancel', 'refund', 'track', 'handoff', 'inventory', 'gopher']) {
    await schema.refuses(`UPDATE store SET step = '${role}' WHERE id = 1;`, { code: '23514', message: /step/ });
  }
  const known = await schema.sees('SELECT role FROM work_role ORDER BY role');
  for (const { role } of known) await schema.sees('SELECT 1', `UPDATE store SET step = '${role}' WHERE id = 1;`);
});
