'use strict';

/*
 * Personal data on request, and a store that leaves.
 */

const test = require('node:test');
const assert = require('assert');
const { World, until } = require('../lib');

let world;

test.before(async () => {
  world = await World.open('ingest_privacy', { conf: { clock: { reconcile_s: 3000 } } });
  await world.start();
  for (const name of ['#kept', '#asked', '#redacted']) {
    await world.order(name, { email: 'jane@example.com', phone: '+15550001111', note: 'ring twice' });
  }
  for (const name of ['#kept', '#asked', '#redacted']) await world.until_state(name, 'fulfilled');
  await until('the mails', () => world.db.value("SELECT count(*) = 3 FROM notice WHERE outcome = 'sent'"));
});

test.after(() => world.close());

const about = async (topic, name) => {
  const { id } = await world.at_shop(name);
  return world.webhooks('', { topic, orders: [id] });
};

/* What of a person is left in an order. */
const personal = (name) => world.db.rows(`SELECT customer_name, email, orders.phone, note, g.name, company, address1,
  address2, g.phone AS there FROM orders JOIN delivery_group AS g ON g.order_id = orders.id
  WHERE orders.name = '${name}'`);

const is_erased = async (name) => (await personal(name)).flatMap(Object.values).every((value) => value === null);
const requests = () => world.db.rows(`SELECT kind, orders, done_at IS NOT NULL AS is_done
  FROM privacy_request ORDER BY id`);

test('a request for data is written down for a person to answer, once', async () => {
  const { id } = await world.at_shop('#asked');
  await world.ingests(1, () => about('customers/data_request', '#asked'));
  const [delivery] = (await world.house.control('shopify', `shops/${world.shop}/webhooks`)).webhooks.slice(-1);
  await world.ingests(1, () => world.webhooks(`/${delivery.webhook_id}/redeliver`));
  assert.deepStrictEqual(await requests(), [{ kind: 'data_request', orders: [id], is_done: false }]);
  assert.ok(!await is_erased('#asked'));
});

test('what could not be read keeps its bytes for people, until the person in it is redacted', async () => {
  const { id } = await world.at_shop('#redacted');
  await world.send('orders/updated', `{"id": ${id}, "email": "jane@example.com", "line_items": 1`);
  await until('the letter', () => world.db.value(`SELECT count(*) = 1 FROM dead_letter
    WHERE role = 'ingest' AND body IS NOT NULL`));
});

test('a customer\'s redaction erases what is personal in the orders named, and nothing else', async () => {
  assert.ok(!await is_erased('#redacted'));
  await about('customers/redact', '#redacted');
  await until('the erasure', () => is_erased('#redacted'));
  assert.ok(!await is_erased('#kept'));
  assert.strictEqual((await requests())[1].is_done, true);
  assert.deepStrictEqual(await world.db.rows("SELECT body, state, closed_note FROM dead_letter WHERE role = 'ingest'"),
    [{ body: null, state: 'discarded', closed_note: 'erased on request' }]);
});

test('a redaction that names no order erases nothing', async () => {
  await world.ingests(1, () => world.webhooks('', { topic: 'customers/redact', orders: [] }));
  assert.ok(!await is_erased('#kept'));
});

test('no event holds anything personal', async () => {
  assert.strictEqual(await world.db.value(`SELECT count(*) FROM order_event
    WHERE concat_ws(' ', actor, kind, note, detail) ~* 'jane|ada|lovelace|mission|1555000|ring twice'`), 0);
});

test('an uninstalled app ends all talk with the store', async () => {
  await world.webhooks('', { topic: 'app/uninstalled' });
  const store = await until('the store to be inactive', () => world.db.row(`SELECT step, error FROM store
    WHERE id = ${world.store_id} AND NOT is_active`));
  assert.deepStrictEqual(store, { step: null, error: 'the store has removed the app' });
});

test('a shop\'s redaction, which comes after the app was removed, erases all of it', async () => {
  await world.webhooks('', { topic: 'shop/redact' });
  await until('the erasure', async () => await is_erased('#kept') && await is_erased('#asked'));
});

test('the audit chain is whole after all of it', async () => {
  assert.ok(await world.db.value('SELECT count(*) FROM order_event') > 0);
  assert.deepStrictEqual(await world.db.rows('SELECT * FROM audit_broken(0, 9223372036854775807)'), []);
});
