'use strict';

/*
 * A job of which its worker dies while it talks to the carrier (see suspects.test.js).
 */

const test = require('node:test');
const assert = require('assert');
const { Fleet, Keeper, soon_tried, suspects, until } = require('../lib');

const TRIES = 4;
const DEATHS = TRIES + 1; /* the first is in company */

test('acts', async (t) => {
  process.env.WAYBILL_TESTING = '1'; /* for the short time of grace */
  const fleet = await Fleet.open('suspects_acts', { alone: ['label'], conf: { labels: { grace_s: 1 } } });
  t.after(() => fleet.close());
  await fleet.start();

  await t.test('label: who dies while it talks to the carrier is alone at the next try, and its neighbours are bought once', async () => {
    await fleet.workers.label.stop();
    for (let i = 0; i < 6; i++) await fleet.order(`#n${i}`);
    const due = () => fleet.db.rows("SELECT s.id, o.name, p.rate_id FROM shipment AS s JOIN orders AS o ON o.id = s.order_id JOIN parcel AS p ON p.shipment_id = s.id WHERE s.step = 'label'");
    const waiting = await until('six to be labelled', async () => {
      const all = await due();
      return all.length === 6 ? all : null;
    }, 20000);
    const bad = waiting.find((one) => one.name === '#n2');
    const keeper = new Keeper(fleet.house, { text: bad.rate_id, peer: new URL(fleet.house.sim.shippo).port }, '--unit', 'label@1', 'label');
    const letter = await soon_tried(fleet, 'a dead letter', () => fleet.db.row("SELECT min(row_id) AS row_id, min(error) AS error, min(error_kind) AS kind FROM dead_letter HAVING count(*) > 0"));
    assert.deepStrictEqual([letter.row_id, letter.error, letter.kind], [bad.id, `its worker died ${TRIES} times at it`, 'bug']);
    assert.strictEqual(keeper.deaths, DEATHS);
    for (const i of [0, 1, 3, 4, 5]) {
      await fleet.shipment(`#n${i}`, 'shipped', 30000);
      assert.strictEqual((await fleet.labels(`#n${i}`)).all.length, 1, `labels of #n${i}`);
    }
    assert.strictEqual((await fleet.labels('#n2')).all.length, 0);
    assert.deepStrictEqual(await suspects(fleet), []);
    await keeper.stop();
  });
});
