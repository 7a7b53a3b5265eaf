'use strict';

/*
 * The database refuses for a while, or its answers get lost: no webhook becomes a dead letter, nothing is done twice, and nobody
 * has to restart anything.
 */

process.env.WAYBILL_TESTING = '1'; /* the grace below is shorter than allowed */

const test = require('node:test');
const assert = require('assert');
const { CommitProxy, Fleet } = require('../lib');

let fleet;
let proxy;

test.before(async () => {
  fleet = await Fleet.open('outage', { alone: ['ingest'], conf: { clock: { wait_s: 1, again_s: 1, interval_ms: 50, reconcile_s: 86400 }, labels: { grace_s: 2 } } });
  proxy = await CommitProxy.open(fleet.house);
  await fleet.start();
});

test.after(async () => {
  await fleet.close();
  proxy.close();
});

const names = (prefix, count) => Array.from({ length: count }, (_, i) => `#${prefix}${i + 1}`);

async function all_shipped_once(orders) {
  for (const name of orders) await fleet.soon(`${name} to be fulfilled`, async () => (await fleet.find(name)).state === 'fulfilled', 20000);
  for (const name of orders) assert.strictEqual((await fleet.labels(name)).bought.length, 1, name);
  assert.deepStrictEqual(await fleet.db.rows('SELECT role, error FROM dead_letter'), []);
}

test('a database that is read-only for a while, for sessions of before and since', async () => {
  const name = await fleet.house.admin.value('SELECT current_database()');
  const cut = `SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
    WHERE usename = 'waybill' AND datname = '${name}' AND application_name <> 'waybill-gateway'`;
  await fleet.house.admin.run(`ALTER DATABASE ${name} SET default_transaction_read_only = on; ${cut};`);
  for (const order of names('ro', 4)) await fleet.order(order);
  await fleet.workers.ingest.prints(/database_away.*read-only/);
  await fleet.house.admin.run(`SET default_transaction_read_only = off; ALTER DATABASE ${name} RESET default_transaction_read_only;`);
  await all_shipped_once(names('ro', 4));
});

/* Twice is not tried of an intent to buy: two purchases of one label that may have happened are a person's to look at. */
test('the answer to COMMIT is lost once after each statement, whatever the role', async () => {
  const lost = new Set();
  proxy.loses = (n, statements) => {
    if (lost.has('label_intend') && statements.includes('label_intend')) return false;
    const is_lost = statements.some((name) => name !== 'actor' && !lost.has(name));
    if (is_lost) statements.forEach((name) => lost.add(name));
    return is_lost;
  };
  for (const order of names('lost', 8)) await fleet.order(order);
  await all_shipped_once(names('lost', 8));
  for (const name of ['ingest_order_add', 'route_done', 'rate_done', 'label_intend', 'label_done', 'fulfill_done', 'notify_done']) {
    await fleet.soon(`the answer after ${name} to be lost`, () => lost.has(name));
  }
});
