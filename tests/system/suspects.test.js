'use strict';

/*
 * A job of which its worker dies is alone at the next try, and after a few a dead letter; its neighbours are none the worse.
 *
 * Workers die for real (tests/preload/poison.c): when they read the poisonous row, or when they write what a message says; when
 * they act: suspects_act.test.js.
 */

const test = require('node:test');
const assert = require('assert');
const fs = require('fs');
const path = require('path');
const { Keeper, Letters, TOP, soon_tried, suspects, until } = require('../lib');

const POISON = 'Arsenicum';
const TRIES = 4;
const DEATHS = TRIES + 1; /* the first is in company */

test('rows', async (t) => {
  const letters = await Letters.open('suspects_rows', { conf: { clock: { wait_s: 60, again_s: 1, interval_ms: 50 } } });
  const clock = letters.house.start('waybill-clock');
  await clock.prints('event=ready');
  t.after(() => letters.close());

  const poison = (ids, id) => letters.owner.run(`UPDATE orders SET name = '${POISON}' WHERE id = ${ids[id]};
    INSERT INTO delivery_group (order_id, position, kind, country_code, zip) SELECT id, 1, 'ship', 'US', '${POISON}' FROM orders WHERE id = ${ids[id]};`);

  for (const [role, table, is_done] of [['notify', 'notice', 'sent_at IS NOT NULL'], ['route', 'orders', 'step IS NULL']]) {
    await t.test(`${role}: counted, a dead letter after ${TRIES} tries alone, all the others done; a retry begins anew`, async () => {
      await (await letters.work('first@1', role)).stop();
      const ids = await letters.owe(30, { step: role });
      await poison(ids, 12);
      await letters.tell(role, ids);
      const keeper = new Keeper(letters.house, { text: POISON, peer: 'unix' }, '--unit', `${role}@1`, role);
      const [letter] = await soon_tried(letters, 'a dead letter', async () => {
        const all = (await letters.dead_letters()).filter((one) => one.role === role);
        return all.length ? all : null;
      });
      assert.strictEqual(keeper.deaths, DEATHS);
      assert.deepStrictEqual([letter.row_id, letter.order_id, letter.error_kind, letter.error, letter.state],
        [ids[12], ids[12], 'bug', `its worker died ${TRIES} times at it`, 'open']);
      await soon_tried(letters, 'the others', async () => (
        await letters.db.value(`SELECT count(*) FROM ${table} WHERE id IN (${ids}) AND ${is_done}`)) === ids.length - 1);
      assert.strictEqual((await letters.row(ids[12], table)).is_dead, true);
      await letters.empty(`wb.${role}`);
      assert.deepStrictEqual(await suspects(letters), []);
      const refused = (await letters.db.rows(`SELECT id FROM ${table} WHERE id IN (${ids}) AND due_at = 'infinity'`)).map((row) => row.id);
      assert.deepStrictEqual(refused, [ids[12]]);

      await keeper.stop();
      await letters.house.waybill('dead', 'retry', String(await letters.db.value('SELECT max(id) FROM dead_letter')));
      const healthy = await letters.work(`${role}@1`, role);
      await until('the poison to be taken', async () => (
        await letters.db.value(`SELECT count(*) FROM ${table} WHERE id = ${ids[12]} AND ${is_done}`)) === 1);
      await healthy.stop();
    });
  }

  await t.test('what nobody suspects costs no statement more', async () => {
    const count = async () => (await letters.db.row(`SELECT pg_stat_get_tuples_inserted(oid) + pg_stat_get_tuples_updated(oid)
      + pg_stat_get_tuples_deleted(oid) AS writes, pg_stat_get_numscans(oid) AS scans FROM pg_class WHERE relname = 'suspect'`));
    const ids = await letters.owe(20);
    const worker = await letters.work('quiet@1', 'notify');
    const before = await count();
    await letters.tell('notify', ids);
    await until('the letters', async () => (await letters.db.value(`SELECT count(*) FROM notice WHERE id IN (${ids}) AND sent_at IS NOT NULL`)) === 20);
    await worker.stop();
    assert.strictEqual((await count()).writes, before.writes);
  });
});

/* Orders in canonical JSON. */
const order = (i, name, more = '') => `{"id":"s-${i}","name":"${name}","placed_at":"2026-11-23T09:00:00Z","payment":"pending","currency":"USD",
  "total":"1","groups":[{"kind":"none"}],"lines":[{"id":"1","title":"thing","quantity":1,"unit_price":"1"}]${more}}`;

test('messages', async (t) => {
  const letters = await Letters.open('suspects_messages');
  t.after(() => letters.close());
  await (await letters.work('first@1', 'ingest', 'dead')).stop();
  /* The ladder's rungs take no time. */
  await letters.house.servers.ctl('-q', 'set_policy', '-p', letters.house.name, '--apply-to', 'queues', 'quick', '^wb\\.retry\\.', '{"message-ttl": 100}');
  const headers = { 'x-wb-kind': 'order', 'x-wb-store': '1' };
  const orders = (like) => letters.db.value(`SELECT count(*) FROM orders WHERE source_id LIKE '${like}'`);

  await t.test('ingest: a poison is a dead letter of its role, with its bytes; what came with it is taken, and a retry begins anew', async () => {
    await letters.publish('wb.ingest', Array.from({ length: 40 }, (_, i) => order(i, i === 7 ? POISON : `#${i}`)), headers);
    const keeper = new Keeper(letters.house, { text: POISON, peer: 'unix' }, '--unit', 'ingest@1', 'ingest');
    const undertaker = await letters.work('dead@1', 'dead');
    const [letter] = await soon_tried(letters, 'a dead letter', async () => {
      const all = await letters.dead_letters();
      return all.length ? all : null;
    });
    assert.strictEqual(keeper.deaths, DEATHS);
    assert.deepStrictEqual([letter.role, letter.error_kind, letter.error, letter.bytes, letter.headers],
      ['ingest', 'bug', `its worker died ${TRIES} times at it`, order(7, POISON).length, { kind: 'order', store: '1' }]);
    assert.strictEqual(await orders('s-%'), 39);
    await letters.empty('wb.ingest');
    assert.deepStrictEqual(await suspects(letters), []);
    await keeper.stop();
    await letters.house.waybill('dead', 'retry', '1');
    const healthy = await letters.work('ingest@1', 'ingest');
    await until('the poison to be taken', async () => await orders('s-%') === 40);
    await healthy.stop();
    await undertaker.stop();
  });

  await t.test('dead: its own poison is kept without its body, when even that kills', async () => {
    const before = (await letters.dead_letters()).length;
    await letters.publish('wb.dead', ['good', POISON, 'good'], { 'x-wb-role': 'ingest', 'x-wb-error': 'final/none: tried' });
    const keeper = new Keeper(letters.house, { text: POISON, peer: 'unix' }, '--unit', 'dead@1', 'dead');
    await soon_tried(letters, 'three dead letters', async () => (await letters.dead_letters()).length === before + 3);
    const letter = (await letters.dead_letters()).find((one) => one.role === 'dead');
    assert.deepStrictEqual([letter.error, letter.bytes],
      [`a message of ${POISON.length} bytes, which are lost: its worker died ${TRIES + 1} times at it`, null]);
    assert.strictEqual(keeper.deaths, DEATHS + 1);
    await letters.empty('wb.dead');
    assert.deepStrictEqual(await suspects(letters), []);
    await keeper.stop();
  });

  await t.test('what the broker gives up says whose it was', async () => {
    const before = (await letters.dead_letters()).length;
    await letters.house.servers.ctl('-q', 'set_policy', '-p', letters.house.name, '--apply-to', 'queues', '--priority', '1', 'short', '^wb\\.ingest$',
      '{"dead-letter-exchange": "", "dead-letter-routing-key": "wb.dead", "message-ttl": 1}');
    await letters.publish('wb.ingest', 'unread', headers);
    const undertaker = await letters.work('dead@1', 'dead');
    const letter = await until('it', async () => (await letters.dead_letters())[before]);
    assert.deepStrictEqual([letter.role, letter.error, letter.bytes], ['ingest', 'delivered too often without success', 6]);
    await letters.house.servers.ctl('-q', 'clear_policy', '-p', letters.house.name, 'short');
    await undertaker.stop();
  });

  await t.test('twenty kills from outside, at any moment, make no dead letter', async () => {
    const before = (await letters.dead_letters()).length;
    await letters.publish('wb.ingest', Array.from({ length: 2000 }, (_, i) => order(`r${i}`, `#r${i}`)), headers);
    const keeper = new Keeper(letters.house, { text: POISON, peer: 'unix' }, '--unit', 'ingest@1', 'dead', 'ingest');
    const is_idle = async () => { /* all that is left waits for its next try */
      const { ready, unacknowledged } = (await letters.house.queues())['wb.ingest'];
      return ready + unacknowledged === 0;
    };
    for (let kills = 0; kills < 20; kills++) {
      const seen = await orders('s-r%');
      await until('a life', () => keeper.program.log.includes('event=ready'));
      if (kills % 2) await until('some work, or none to do just now', async () => await orders('s-r%') > seen || is_idle());
      await keeper.kill();
    }
    await soon_tried(letters, 'all orders', async () => await orders('s-r%') === 2000);
    await letters.empty('wb.ingest');
    await letters.empty('wb.dead');
    assert.strictEqual((await letters.dead_letters()).length, before);
    await keeper.stop();
  });

  await t.test('the largest lawful documents fit into the memory of the unit; one of more values is refused, and nothing else', async () => {
    const unit = fs.readFileSync(path.join(TOP, 'systemd', 'waybill-role@.service'), 'utf8');
    const most = Number(/^MemoryMax=(\d+)M$/m.exec(unit)[1]) << 20;
    const worst = (count) => `,"x":[${'{"":{"":{"":{"":0}}}},'.repeat(count)}0]`;
    const before = (await letters.dead_letters()).length;
    await letters.publish('wb.ingest', [...Array.from({ length: 4 }, (_, i) => order(`w${i}`, 'large', worst(99000))), order('w9', 'larger', worst(101000)),
      order('w10', 'small')], headers);
    const worker = await letters.work('ingest@1', 'ingest', 'dead');
    await until('the small one', async () => await orders('s-w%') === 1, 60000);
    const errors = await until('five dead letters', async () => {
      const all = (await letters.dead_letters()).slice(before).map((one) => one.error);
      return all.length === 5 ? all : null;
    });
    assert.strictEqual(errors.filter((error) => error === 'x: there is no such key').length, 4);
    assert.strictEqual(errors.filter((error) => /^refused a document of \d+ values; the limit is 500000$/.test(error)).length, 1);
    if (!/address/.test(process.env.WAYBILL_BIN || '')) assert.ok(worker.rss_high_bytes() < most, `${worker.rss_high_bytes()} bytes`);
    await worker.stop();
  });
});
