'use strict';

/*
 * A worker's life and death: killed, restarted, stopped, and what it needs of the machine.
 */

const test = require('node:test');
const assert = require('assert');
const { Letters, until } = require('../lib');

/* AddressSanitizer keeps what was freed. */
const RSS_MAX = /address/.test(process.env.WAYBILL_BIN || '') ? Infinity : 64 << 20;
const WAITING = 20000; /* messages */
const CONNECTIONS = 3; /* to the database, at most */

let letters;

test.before(async () => {
  letters = await Letters.open('runtime_process', { conf: { worker: { batch_max: 8, act_max: 8 } } });
});

test.after(() => letters.close());

test.afterEach(() => letters.clear_faults());

const leases = () => letters.db.rows("SELECT id, lease FROM notice WHERE lease IS NOT NULL ORDER BY id");
const until_leased = (count, not = '-') => until(`${count} leases`, async () => {
  const all = (await leases()).filter((row) => !row.lease.startsWith(not));
  return all.length === count ? all : null;
});
const life = (lease) => lease.slice(0, lease.lastIndexOf('/')); /* host/unit/machine/nonce */
const mails_to = async (id) => (await letters.house.control('smtp', `messages?to=${encodeURIComponent(`c${id}@example.com`)}`)).messages.length;

test('a killed worker that starts again under its name takes its jobs up at once', async () => {
  const [id] = await letters.owe(1);
  await letters.fault({ operation: 'message', times: 1 }, { slow_ms: 20000 });
  const worker = await letters.work('a@1', 'notify');
  await letters.tell('notify', [id]);
  await until_leased(1);
  await worker.kill();
  const again = await letters.work('a@1', 'notify');
  await letters.sent(1, 5000);
  assert.strictEqual(await again.stop(), 0);
});

test('another worker takes them when the lease has run out, not before', async () => {
  const [id] = await letters.owe(1);
  await letters.fault({ operation: 'message', times: 1 }, { slow_ms: 20000 });
  const killed = await letters.work('a@1', 'notify');
  await letters.tell('notify', [id]);
  const [{ lease }] = await until_leased(1);
  await killed.kill();
  const other = await letters.work('b@1', 'notify');
  await until('it to drop what comes back', async () => (await letters.jobs(other, 'notify')).dropped === 1);
  assert.strictEqual((await letters.row(id)).lease, lease);
  assert.ok((await letters.row(id)).lease_s > 60);
  await letters.owner.run(`UPDATE notice SET lease_until = now() WHERE id = ${id};`);
  await letters.tell('notify', [id]);
  await letters.sent(2);
  assert.strictEqual(await other.stop(), 0);
});

test('the jobs of a bundle that comes back are tried one at a time', async () => {
  const ids = await letters.owe(5);
  await letters.fault({ operation: 'message' }, { slow_ms: 20000 });
  const first = await letters.work('a@1', 'notify');
  await letters.tell('notify', ids);
  const [{ lease }] = await until_leased(5);
  await first.kill();
  await letters.until_ready('wb.notify', 1);
  const second = await letters.work('a@1', 'notify');
  const tried = () => letters.db.rows("SELECT key FROM suspect WHERE role = 'notify' AND is_begun AND tries = 1");
  const [mine] = await until_leased(1, life(lease));
  assert.deepStrictEqual(await tried(), [{ key: String(mine.id) }]);
  assert.strictEqual((await leases()).length, 1);
  await second.kill();
  await letters.until_ready('wb.notify', 5);
  assert.deepStrictEqual(await tried(), [{ key: String(mine.id) }]);
  await letters.owner.run("UPDATE suspect SET tried_at = tried_at - interval '1 hour';");
  await letters.clear_faults();
  const third = await letters.work('a@1', 'notify');
  await letters.sent(7);
  await letters.empty('wb.notify');
  assert.deepStrictEqual(await letters.db.rows('SELECT * FROM suspect'), []);
  assert.strictEqual(await third.stop(), 0);
});

test('SIGTERM: what acts is finished and written, the rest goes back; a second one changes nothing', async () => {
  const ids = await letters.owe(40);
  await letters.fault({ operation: 'message' }, { slow_ms: 300 });
  const worker = await letters.work('a@1', 'notify');
  await letters.tell('notify', ids);
  await until_leased(8);
  const ended = worker.stop();
  await worker.prints('event=stopping');
  worker.child.kill('SIGTERM');
  assert.strictEqual(await ended, 0);
  assert.match(worker.log, /event=stopped unfinished=0/);
  assert.deepStrictEqual(await leases(), []);
  const done = await letters.db.rows(`SELECT id FROM notice WHERE id IN (${ids}) AND sent_at IS NOT NULL`);
  assert.ok(done.length >= 8 && done.length < 40, `${done.length} done`);
  await letters.until_ready('wb.notify', 1);
  await letters.clear_faults();
  const next = await letters.work('a@1', 'notify');
  await letters.sent(47);
  for (const id of ids) assert.strictEqual(await mails_to(id), 1, `mails to ${id}`);
  await letters.empty('wb.notify');
  assert.strictEqual(await next.stop(), 0);
});

test('several roles in one process work side by side', async () => {
  const worker = await letters.work('many@1', 'route', 'notify', 'dead');
  await letters.fault({ operation: 'message' }, { slow_ms: 2000 });
  const slow = await letters.owe(8);
  await letters.tell('notify', slow);
  await until_leased(8);
  const orders = await letters.owe(100, { step: 'route' });
  await letters.tell('route', orders);
  await letters.publish('wb.dead', 'x', { 'x-wb-error': 'final/none: beside' });
  await until('the other roles to be done', async () => (await letters.jobs(worker, 'route')).good === 100
    && (await letters.jobs(worker, 'dead')).good === 1);
  assert.strictEqual((await letters.jobs(worker, 'notify')).good, 0);
  await letters.sent(55);
  assert.strictEqual(await worker.stop(), 0);
});

test('what waits in the queue needs no memory of the worker, and no descriptors', async () => {
  const worker = await letters.work('a@1', 'notify');
  const [id] = await letters.owe(1);
  await letters.tell('notify', [id]);
  await letters.sent(56);
  const before = await letters.descriptors(worker);
  const gone = Array.from({ length: 64 }, (_, i) => 1000000 + i);
  await letters.publish('wb.notify', Array.from({ length: WAITING }, (_, i) => JSON.stringify(i % 20 ? [1000000 + i] : gone)));
  let most = 0;
  const jobs = (WAITING / 20) * (19 + gone.length);
  await until('all to be dropped', async () => {
    most = Math.max(most, worker.rss_bytes());
    return (await letters.jobs(worker, 'notify')).dropped === jobs;
  }, 60000);
  assert.ok(most < RSS_MAX, `${most} bytes`);
  await until('as many descriptors as before, and the rest of the pool', async () => await letters.descriptors(worker) <= before + CONNECTIONS - 1);
  assert.strictEqual(await worker.stop(), 0);
});

test('nor do large bodies, also while nothing can be written', async () => {
  assert.strictEqual(await (await letters.work('big@1', 'ingest')).stop(), 0); /* the queue is there */
  const count = 80;
  const store = await letters.db.value('SELECT min(id) FROM store');
  const body = (i) => JSON.stringify({ id: `big-${i}`, placed_at: '2026-11-23T09:00:00Z', payment: 'pending', currency: 'USD', total: '1',
    groups: [{ kind: 'none' }], lines: [{ id: '1', title: 'thing', quantity: 1, unit_price: '1' }] }) + ' '.repeat(2 << 20);
  await letters.publish('wb.ingest', Array.from({ length: count }, (_, i) => body(i)), { 'x-wb-kind': 'order', 'x-wb-store': String(store) });
  /* While nothing can be written, messages stay in hand, as many as the broker gives. */
  const busy = letters.owner.run('BEGIN; LOCK TABLE orders; SELECT pg_sleep(4); COMMIT;');
  const worker = await letters.work('big@1', 'ingest');
  await busy;
  await until('all orders', async () => Number(await letters.db.value("SELECT count(*) FROM orders WHERE source_id LIKE 'big-%'")) === count, 60000);
  assert.ok(worker.rss_high_bytes() < RSS_MAX, `${worker.rss_high_bytes()} bytes`);
  assert.strictEqual(await worker.stop(), 0);
});

/* As if the host had been cloned with its name and units, or had booted meanwhile. */
test('a worker of the same name on another machine is not its former self', async () => {
  letters.next += 1000; /* ingest has taken the next ids for its orders */
  const [id] = await letters.owe(1);
  await letters.fault({ operation: 'message', times: 1 }, { slow_ms: 20000 });
  const killed = await letters.work('a@1', 'notify');
  await letters.tell('notify', [id]);
  const [{ lease }] = await until_leased(1);
  await killed.kill();
  const mark = lease.split('/')[2];
  assert.match(mark, /^[0-9a-f]{16}$/);
  const held_by = (other) => letters.owner.run(`UPDATE notice SET lease = '${lease.replace(mark, other)}' WHERE id = ${id};`);
  await held_by('0123456789abcdef');
  const here = await letters.work('a@1', 'notify');
  await until('it to drop what comes back', async () => (await letters.jobs(here, 'notify')).dropped === 1);
  assert.ok((await letters.row(id)).lease_s > 60);
  await here.kill();
  await held_by(mark);
  const again = await letters.work('a@1', 'notify');
  assert.strictEqual((await letters.row(id)).lease_s, null);
  assert.strictEqual(await again.stop(), 0);
});

test('a role that is none, or named twice, or none at all is refused', async () => {
  for (const roles of [['gopher'], ['notify', 'route', 'notify'], []]) {
    const worker = letters.house.start('waybill-worker', ...roles);
    assert.strictEqual(await worker.ended, 2, roles.join());
  }
});
