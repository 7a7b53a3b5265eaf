'use strict';

/*
 * A job of which its worker dies is alone at the next try, and after a few a dead letter; its neighbours are none the worse.
 *
 * Workers die for real (tests/lib/poison.c): when they read the poisonous row, when they talk about it to the carrier, or when
 * they write it. The pauses between the tries are shortened, by moving them into the past.
 */

const test = require('node:test');
const assert = require('assert');
const { Fleet, Keeper, Letters, quote, until } = require('../lib');

const POISON = 'Arsenicum';
const TRIES = 4;
const DEATHS = TRIES + 1; /* the first is in company */

const suspects = (world) => world.db.rows('SELECT role, key, tries FROM suspect ORDER BY role, key');

/* Nobody waits for the next try. */
const hurry = (world) => world.owner.run(`UPDATE suspect SET tried_at = tried_at - interval '5 minutes' WHERE tries > 0;
  ${['orders', 'shipment', 'notice', 'store'].map((table) => `UPDATE ${table} SET due_at = now(), published_at = NULL
    WHERE step IS NOT NULL AND lease IS NULL AND error IS NOT NULL AND due_at > now() AND due_at < 'infinity';`).join('\n')}`);

const soon = (world, what, check) => until(what, async () => {
  const seen = await check();
  if (!seen) await hurry(world);
  return seen;
}, 60000);

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
      const [letter] = await soon(letters, 'a dead letter', async () => {
        const all = (await letters.dead_letters()).filter((one) => one.role === role);
        return all.length ? all : null;
      });
      assert.strictEqual(keeper.deaths, DEATHS);
      assert.deepStrictEqual([letter.row_id, letter.order_id, letter.error_kind, letter.error, letter.state],
        [ids[12], ids[12], 'bug', `its worker died ${TRIES} times at it`, 'open']);
      await soon(letters, 'the others', async () => (
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
