'use strict';

/*
 * What becomes of a job: taken, dropped, failed alone, tried again, given up.
 */

const test = require('node:test');
const assert = require('assert');
const { Letters, until } = require('../lib');

let letters;
let worker;

test.before(async () => {
  letters = await Letters.open('runtime');
  worker = await letters.work('all@1', 'notify', 'route', 'ingest', 'dead');
});

test.after(() => letters.close());

/* Does something, waits until the worker has dealt with so many jobs, and returns how. */
async function dealt(role, count, action) {
  const before = await letters.jobs(worker, role);
  const since = async () => {
    const now = await letters.jobs(worker, role);
    return { good: now.good - before.good, failed: now.failed - before.failed, dropped: now.dropped - before.dropped };
  };
  await action();
  await until(`${count} jobs of ${role}`, async () => {
    const { good, failed, dropped } = await since();
    return good + failed + dropped >= count;
  }, 15000);
  return since();
}

/* A row that the database will not have changed in this way. */
function refuse(name, table, when) {
  return letters.owner.run(`
    CREATE FUNCTION refuse_${name}() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN RAISE EXCEPTION 'no % of %', TG_TABLE_NAME, NEW.id USING ERRCODE = 'P0001'; END $$;
    CREATE TRIGGER refuse_${name} BEFORE UPDATE ON ${table} FOR EACH ROW WHEN (${when}) EXECUTE FUNCTION refuse_${name}();`);
}

test('a bundle of jobs that are due is done and acknowledged', async () => {
  const ids = await letters.owe(100);
  assert.deepStrictEqual(await dealt('notify', 100, () => letters.tell('notify', ids)), { good: 100, failed: 0, dropped: 0 });
  await letters.sent(100);
  assert.strictEqual((await letters.mails()).length, 100);
});

test('a job that is not due, leased, done or gone is dropped, and its message with it', async () => {
  const [later] = await letters.owe(1, { columns: { due_at: "now() + interval '1 hour'" } });
  const [dead] = await letters.owe(1, { columns: { due_at: "'infinity'" } });
  const [leased] = await letters.owe(1, { columns: { lease: "'somebody'", lease_until: "now() + interval '1 hour'" } });
  const [done] = await letters.owe(1, { columns: { due_at: 'now()' } });
  await letters.owner.run(`UPDATE notice SET step = NULL WHERE id = ${done};`);
  const jobs = [later, dead, leased, done, 999999, 0, -1];
  assert.deepStrictEqual(await dealt('notify', jobs.length, () => letters.tell('notify', jobs)), { good: 0, failed: 0, dropped: 7 });
  await letters.empty('wb.notify');
  assert.strictEqual((await letters.row(leased)).lease, 'somebody');
  assert.strictEqual((await letters.row(later)).attempt, 0);
});

test('a job that is named twice is done once', async () => {
  const [id] = await letters.owe(1);
  const mails = (await letters.mails()).length;
  assert.deepStrictEqual(await dealt('notify', 3, () => letters.publish('wb.notify', [`[${id},${id}]`, `[${id}]`])),
    { good: 1, failed: 0, dropped: 2 });
  assert.strictEqual((await letters.mails()).length, mails + 1);
});

test('rows that claim cannot take fail alone: dead letters of one fingerprint, due never', async () => {
  const ids = await letters.owe(5);
  const bad = [ids[1], ids[2]];
  await refuse('claim', 'notice', `NEW.id IN (${bad}) AND NEW.lease IS NOT NULL`);
  assert.deepStrictEqual(await dealt('notify', 5, () => letters.tell('notify', ids)), { good: 3, failed: 2, dropped: 0 });
  for (const id of bad) {
    const { is_dead, attempt, lease, error } = await letters.row(id);
    assert.deepStrictEqual({ is_dead, attempt, lease }, { is_dead: true, attempt: 1, lease: null });
    assert.match(error, new RegExp(`no notice of ${id}`));
  }
  const dead = await letters.dead_letters();
  assert.deepStrictEqual(dead.map((d) => d.row_id).sort((a, b) => a - b), bad);
  assert.strictEqual(dead[0].fingerprint, dead[1].fingerprint);
  assert.match(dead[0].fingerprint, /^notify:data:[0-9a-f]{12}$/);
});

test('a row that settle cannot write fails alone, and nobody acts twice', async () => {
  const ids = await letters.owe(5);
  const bad = ids[0];
  const mails = (await letters.mails()).length;
  await refuse('settle', 'notice', `NEW.id = ${bad} AND NEW.sent_at IS NOT NULL`);
  assert.deepStrictEqual(await dealt('notify', 5, () => letters.tell('notify', ids)), { good: 4, failed: 1, dropped: 0 });
  assert.strictEqual((await letters.mails()).length, mails + 5);
  const { is_dead, lease, error } = await letters.row(bad);
  assert.deepStrictEqual({ is_dead, lease }, { is_dead: true, lease: null });
  assert.match(error, new RegExp(`no notice of ${bad}`));
  assert.strictEqual((await letters.dead_letters()).filter((d) => d.row_id === bad && d.role === 'notify').length, 1);
});

test('a role of one transaction loses only the order that cannot be written', async () => {
  const ids = await letters.owe(4, { step: 'route' });
  const bad = ids[3];
  await refuse('route', 'orders', `OLD.id = ${bad} AND NEW.step IS DISTINCT FROM OLD.step`);
  assert.deepStrictEqual(await dealt('route', 4, () => letters.tell('route', ids)), { good: 3, failed: 1, dropped: 0 });
  const { is_dead, step } = await letters.row(bad, 'orders');
  assert.deepStrictEqual({ is_dead, step }, { is_dead: true, step: 'route' });
  assert.strictEqual(Number(await letters.db.value(`SELECT count(*) FROM orders WHERE id IN (${ids}) AND step = 'route'`)), 1);
});

test('what is no bundle goes among the dead with the reason, and keeps its bytes', async () => {
  const bodies = ['hello', '["1"]', JSON.stringify(Array.from({ length: 257 }, (_, i) => i)), Buffer.alloc(10 << 20, '[')];
  const before = (await letters.dead_letters()).length;
  await letters.publish('wb.notify', bodies);
  const all = await until('dead letters', async () => {
    const rows = (await letters.dead_letters()).slice(before);
    return rows.length === bodies.length ? rows : null;
  }, 15000);
  assert.deepStrictEqual(all.map((d) => d.bytes).sort((a, b) => a - b), bodies.map((b) => b.length).sort((a, b) => a - b));
  for (const dead of all) {
    assert.deepStrictEqual([dead.role, dead.error_kind, dead.error_code, dead.error, dead.row_id],
      ['notify', 'final', 'data', 'not a bundle of ids', null]);
  }
  await letters.empty('wb.notify');
});

test('a message among the dead that cannot be kept waits, and holds up nobody', async () => {
  await letters.publish('wb.dead', 'x', { 'x-wb-attempt': '99999999999', 'x-wb-error': 'final/data: too often' });
  await letters.until_ready('wb.retry.2m', 1);
  await letters.publish('wb.dead', 'y', { 'x-wb-role': 'notify', 'x-wb-error': 'final/none: gone', 'x-wb-attempt': '3' });
  await until('the other one', async () => (await letters.dead_letters()).some((d) => d.error === 'gone' && d.attempts === 3));
});

test('a failed attempt counts, says why, and waits its back-off', async () => {
  const [id] = await letters.owe(1);
  await letters.fault({ operation: 'message', times: 1 }, { reply: '451 4.3.0 later' });
  await dealt('notify', 1, () => letters.tell('notify', [id]));
  const row = await letters.row(id);
  assert.strictEqual(row.attempt, 1);
  assert.ok(row.due_in_s > 2 && row.due_in_s <= 6, `due in ${row.due_in_s} s`);
  assert.match(row.error, /451/);
  assert.deepStrictEqual(await dealt('notify', 1, () => letters.tell('notify', [id])), { good: 0, failed: 0, dropped: 1 });
  await letters.owner.run(`UPDATE notice SET due_at = now() WHERE id = ${id};`);
  await dealt('notify', 1, () => letters.tell('notify', [id]));
  const after = await letters.row(id);
  assert.deepStrictEqual([after.step, after.attempt, after.error], [null, 0, null]);
});

test('the last attempt is a dead letter', async () => {
  const [id] = await letters.owe(1, { columns: { attempt: 11 } });
  await letters.fault({ operation: 'message', times: 1 }, { reply: '451 4.3.0 later' });
  await dealt('notify', 1, () => letters.tell('notify', [id]));
  const row = await letters.row(id);
  assert.deepStrictEqual([row.is_dead, row.attempt], [true, 12]);
  const dead = (await letters.dead_letters()).find((d) => d.row_id === id && d.role === 'notify');
  assert.strictEqual(dead.attempts, 12);
  assert.match(dead.error, /^gave up after 12 attempts: .*451/);
});

test('who lost his lease decides nothing: no dead letter, no attempt', async () => {
  const [id] = await letters.owe(1, { columns: { attempt: 11 } });
  await letters.fault({ operation: 'message', times: 1 }, { reply: '451 4.3.0 later', slow_ms: 700 });
  await letters.tell('notify', [id]);
  await until('the lease', async () => (await letters.row(id)).lease);
  await dealt('notify', 1, () => letters.owner.run(
    `UPDATE notice SET lease = 'other', lease_until = now() + interval '1 hour' WHERE id = ${id};`));
  const { attempt, lease, is_dead, error } = await letters.row(id);
  assert.deepStrictEqual({ attempt, lease, is_dead, error }, { attempt: 11, lease: 'other', is_dead: false, error: null });
  assert.ok(!(await letters.dead_letters()).some((d) => d.row_id === id && d.role === 'notify'));
});

test('a message of ingest waits on the ladder with its attempt, and ends among the dead with body and headers', async () => {
  await letters.owner.run(`
    CREATE FUNCTION too_slow() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN RAISE EXCEPTION 'too slow' USING ERRCODE = '57014'; END $$;
    CREATE TRIGGER too_slow BEFORE INSERT ON store_request FOR EACH ROW EXECUTE FUNCTION too_slow();`);
  const body = '{"shop_id":1,"shop_domain":"letters.example"}';
  await letters.owner.run("UPDATE store SET platform = 'shopify' WHERE id = 1;");
  const send = (attempt) => letters.publish('wb.ingest', body,
    { 'x-wb-kind': 'webhook', 'x-wb-store': '1', 'x-wb-topic': 'shop/redact', 'x-wb-attempt': String(attempt) });
  await send(0);
  await letters.until_ready('wb.retry.5s', 1);
  await send(11);
  const dead = await until('the dead letter', async () => (await letters.dead_letters()).find((d) => d.role === 'ingest'));
  assert.strictEqual(dead.attempts, 12);
  assert.strictEqual(dead.bytes, body.length);
  assert.deepStrictEqual(dead.headers, { kind: 'webhook', store: '1', topic: 'shop/redact' });
  assert.match(dead.error, /gave up after 12 attempts: .*too slow/);
  await letters.until_ready('wb.retry.30s', 1, 12000); /* the first one came back, and climbed */
});
