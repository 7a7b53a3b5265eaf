'use strict';

/*
 * PostgreSQL or RabbitMQ is away, cuts connections, or takes nothing: every letter is sent once all
 * the same, and nobody has to restart a worker.
 */

const test = require('node:test');
const assert = require('assert');
const { Letters, request, until } = require('../lib');

const AWAY_S = 1;

let letters;
let worker;
let sent = 0;

const database = () => letters.house.servers;
const ctl = (...args) => letters.house.servers.ctl('-q', ...args);
const health = async () => {
  const { status, body } = await request(`${worker.url}/healthz`);
  return `${status} ${String(body).trim().replace(/\n/g, ', ')}`;
};

test.before(async () => {
  letters = await Letters.open('runtime_away', { servers: 'test-away',
    conf: { worker: { away_s: AWAY_S, batch_max: 16, act_max: 16 }, clock: { wait_s: 2, again_s: 2, interval_ms: 100 } } });
  worker = await letters.work('notify@1', 'notify', 'dead');
});

test.after(async () => {
  await letters.close();
  await letters.house.servers.stop();
});

/* Letters on their way: some are sent, others not yet. */
async function under_way(count) {
  await letters.fault({ operation: 'message', every: 3 }, { slow_ms: 100 });
  const ids = await letters.owe(count);
  await letters.tell('notify', ids);
  const before = sent;
  sent += count;
  await until('some letters', async () => (await letters.mails()).length > before + 10);
  assert.ok((await letters.mails()).length < sent, 'all were sent before the fault');
}

async function all_sent_once() {
  await letters.sent(sent, 30000);
  await letters.clear_faults();
  assert.strictEqual((await letters.mails()).length, sent);
  assert.strictEqual(Number(await letters.db.value('SELECT count(*) FROM notice WHERE lease IS NOT NULL')), 0);
  assert.ok(worker.is_running);
}

test('with both there, a worker says that it is well', async () => {
  assert.strictEqual(await health(), '200 database up, broker up');
});

test('PostgreSQL stopped in the middle: what was done outside is written down when it is back', async () => {
  await under_way(200);
  await database().stop_database();
  await until('the worker to say so', async () => (await health()) === '503 database down, broker up');
  await database().start();
  await all_sent_once();
  await until('the worker to be well', async () => (await health()) === '200 database up, broker up');
});

test('connections cut by PostgreSQL again and again', async () => {
  await under_way(200);
  for (let i = 0; i < 20; i += 1) {
    await letters.house.admin.run(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity
      WHERE application_name = 'waybill-worker' AND datname = current_database();`);
  }
  await all_sent_once();
});

test('without PostgreSQL for away_s the messages go back and wait; then the worker goes on by itself', async () => {
  const ids = await letters.owe(40);
  await database().stop_database();
  await letters.publish('wb.notify', ids.map((id) => `[${id}]`));
  await worker.prints('event=paused role=notify', 15000);
  const rung = await until('the rung', async () => {
    const ready = await letters.broker.ready('wb.retry.30s');
    return ready >= 40 - 2 * 16 ? ready : null; /* up to two batches wait inside */
  }, 15000);
  await letters.until_ready('wb.notify', 0);
  assert.ok(rung <= 40);
  await database().start();
  const next = await letters.owe(3);
  await letters.tell('notify', next);
  await letters.tell('notify', ids); /* as the clock would; what is on the ladder comes for nothing */
  sent += 43;
  await all_sent_once();
});

test('connections cut by RabbitMQ', async () => {
  await under_way(200);
  await ctl('close_all_connections', '--vhost', letters.house.name, 'test');
  await letters.reconnect();
  await all_sent_once();
  await letters.empty('wb.notify', 20000);
});

test('RabbitMQ stopped in the middle: nothing is claimed meanwhile, and all goes on after', async () => {
  await under_way(200);
  await ctl('stop_app');
  await until('the worker to say so', async () => (await health()) === '503 database up, broker down');
  await until('what is under way to be written', () => letters.db.value('SELECT count(*) = 0 FROM notice WHERE lease IS NOT NULL'));
  const ids = await letters.owe(1);
  assert.strictEqual((await letters.row(ids[0])).lease, null);
  await ctl('start_app');
  await letters.reconnect();
  await letters.tell('notify', ids);
  sent += 1;
  await all_sent_once();
  await letters.empty('wb.notify', 20000);
});

test('while RabbitMQ has an alarm nothing is claimed; after it all goes on', async () => {
  assert.strictEqual(await worker.stop(), 0);
  const ids = await letters.owe(10);
  await letters.publish('wb.notify', ['what nobody can read']); /* has to be published elsewhere */
  await letters.tell('notify', ids);
  await ctl('set_vm_memory_high_watermark', 'absolute', '1');
  worker = await letters.work('notify@1', 'notify', 'dead');
  await worker.prints('event=broker_alarm');
  let looks = 0;
  await until('nothing to happen', async () => {
    assert.deepStrictEqual(await letters.jobs(worker, 'notify'), { good: 0, failed: 0, dropped: 0 });
    assert.strictEqual(Number(await letters.db.value('SELECT count(*) FROM notice WHERE lease IS NOT NULL')), 0);
    looks += 1;
    return looks === 20;
  });
  await ctl('set_vm_memory_high_watermark', '0.4');
  sent += 10;
  await all_sent_once();
  await until('the unreadable one', async () => (await letters.dead_letters()).length === 1);
});

test('a worker that starts without PostgreSQL waits for it, and takes nothing', async () => {
  assert.strictEqual(await worker.stop(), 0);
  const ids = await letters.owe(10);
  await letters.tell('notify', ids);
  await database().stop_database();
  worker = letters.house.start('waybill-worker', '--unit', 'notify@1', 'notify');
  await worker.prints('event=waiting');
  await letters.until_ready('wb.notify', 1);
  assert.strictEqual(await worker.stop(), 0);
  worker = letters.house.start('waybill-worker', '--unit', 'notify@1', 'notify');
  await worker.prints('event=waiting');
  await database().start();
  sent += 10;
  await all_sent_once();
});

test('SIGTERM while PostgreSQL is away ends a worker in time, and its jobs are done by the next', async () => {
  await under_way(60);
  await database().stop_database();
  assert.strictEqual(await worker.stop('SIGTERM', 15000), 0);
  await database().start();
  worker = await letters.work('notify@1', 'notify', 'dead');
  await letters.sent(sent, 30000);
  const mails = (await letters.mails()).length;
  assert.ok(mails >= sent && mails <= sent + 16, `${mails} mails of ${sent}`); /* acted, not written: sent once more */
});
