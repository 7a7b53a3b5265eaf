'use strict';

/*
 * The one way of recovery: rows that are due and untaken are published by the clock.
 */

const test = require('node:test');
const assert = require('assert');
const { Letters, until } = require('../lib');

const WAIT_S = 2;
const AGAIN_S = 3;
const LITTLE = 200; /* messages; a queue that holds more gets none from the clock */

let letters;
let clock;

test.before(async () => {
  letters = await Letters.open('runtime_clock', { conf: { clock: { wait_s: WAIT_S, again_s: AGAIN_S, interval_ms: 100 } } });
  const declares = await letters.work('notify@1', 'notify');
  await declares.stop();
  clock = letters.house.start('waybill-clock');
  await clock.prints('event=ready');
});

test.after(() => letters.close());

const published_jobs = (log = clock.log) => [...log.matchAll(/event=publish role=notify jobs=(\d+)/g)].map((found) => Number(found[1]));
const published_at = async (id) => letters.db.value(`SELECT extract(epoch FROM published_at)::float8 FROM notice WHERE id = ${id}`);

/* Nobody works on these any more. */
async function clear() {
  await letters.owner.run('UPDATE notice SET step = NULL WHERE step IS NOT NULL;');
  await letters.purge('wb.notify');
}

test('a row that is due and untaken for wait_s is published, not earlier', async () => {
  const [id] = await letters.owe(1);
  const at = await until('the clock', () => published_at(id), 10000);
  const due = await letters.db.value(`SELECT extract(epoch FROM due_at)::float8 FROM notice WHERE id = ${id}`);
  assert.ok(at - due >= WAIT_S, `published after ${at - due} s`);
  await letters.until_ready('wb.notify', 1);
});

test('a row is published again after again_s, at most', async () => {
  const [id] = await letters.db.rows("SELECT id FROM notice WHERE step = 'notify'").then((rows) => rows.map((row) => row.id));
  const first = await published_at(id);
  const second = await until('the clock, again', async () => {
    const at = await published_at(id);
    return at > first ? at : null;
  });
  assert.ok(second - first >= AGAIN_S, `again after ${second - first} s`);
  assert.deepStrictEqual(published_jobs(), [1, 1]);
});

test('a lost message, or all of them, is made up for', async () => {
  await clear();
  const ids = await letters.owe(130);
  await letters.tell('notify', ids);
  await letters.purge('wb.notify');
  const worker = await letters.work('notify@1', 'notify');
  await letters.sent(130);
  assert.strictEqual((await letters.mails()).length, 130);
  assert.strictEqual(await worker.stop(), 0);
});

test('a retry whose time has come is published at once', async () => {
  await clear();
  const [id] = await letters.owe(1, { columns: { error: "'failed before'", due_at: "now() + interval '500 ms'" } });
  const at = await until('the clock', () => published_at(id));
  const due = await letters.db.value(`SELECT extract(epoch FROM due_at)::float8 FROM notice WHERE id = ${id}`);
  assert.ok(at >= due && at - due < WAIT_S, `published after ${at - due} s`);
});

test('what is leased, dead or held is not published', async () => {
  await clear();
  const before = published_jobs().length;
  await letters.owe(1, { columns: { due_at: "now() - interval '1 hour'", lease: "'somebody'", lease_until: "now() + interval '1 hour'" } });
  await letters.owe(1, { columns: { due_at: "'infinity'" } });
  const [held] = await letters.owe(1, { step: 'route', columns: { due_at: "now() - interval '1 hour'" } });
  await letters.owner.run(`INSERT INTO hold (order_id, kind, reason) VALUES (${held}, 'person', 'wait');`);
  const [probe] = await letters.owe(1, { columns: { due_at: "now() - interval '1 hour'" } });
  await until('the clock', () => published_at(probe));
  assert.deepStrictEqual(published_jobs().slice(before), [1]);
  assert.doesNotMatch(clock.log, /role=route/);
});

test('nothing is added to a queue that holds much, and all is once it holds little', async () => {
  await clear();
  await letters.publish('wb.notify', Array.from({ length: LITTLE + 1 }, () => '[]'));
  await letters.until_ready('wb.notify', LITTLE + 1, 15000);
  const [id] = await letters.owe(1, { columns: { due_at: "now() - interval '1 hour'" } });
  /* It renews its lease each time it looks. */
  const looks = new Set();
  await until('the clock to look a few times', async () => {
    looks.add(await letters.db.value('SELECT until::text FROM clock_lease'));
    return looks.size > 4;
  });
  assert.strictEqual(await published_at(id), null);
  await letters.purge('wb.notify');
  await until('the clock', () => published_at(id), 15000);
});

test('of two clocks one acts; killed, the other goes on within ten seconds', async () => {
  await clear();
  const second = letters.house.start('waybill-clock');
  await second.prints('event=ready');
  const [id] = await letters.owe(1, { columns: { due_at: "now() - interval '1 hour'" } });
  await until('the first clock', () => published_at(id));
  assert.deepStrictEqual(published_jobs(second.log), []);
  await clock.kill();
  const [next] = await letters.owe(1, { columns: { due_at: "now() - interval '1 hour'" } });
  await until('the second clock', () => published_at(next), 12000);
  clock = second;
});

test('a clock that ends hands over at once', async () => {
  const third = letters.house.start('waybill-clock');
  await third.prints('event=ready');
  assert.strictEqual(await clock.stop(), 0);
  const [id] = await letters.owe(1, { columns: { due_at: "now() - interval '1 hour'" } });
  await until('the third clock', () => published_at(id), 3000);
  assert.strictEqual(await third.stop(), 0);
});
