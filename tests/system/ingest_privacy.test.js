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
  FROM store_request ORDER BY id`);

/* So long ago was what is asked for; what waits longer than that waits on. */
const pass_days = (days) => world.owner.run(`UPDATE store_request SET received_at = received_at - ${days} * interval '1 day',
  due_at = due_at - ${days} * interval '1 day', published_at = NULL WHERE done_at IS NULL;`);
const last = async () => (await world.db.rows('SELECT * FROM store_request ORDER BY id')).pop();

test('a request for data is written down for a person to answer, once', async () => {
  const { id } = await world.at_shop('#asked');
  await world.ingests(1, () => about('customers/data_request', '#asked'));
  const [delivery] = (await world.house.control('shopify', `shops/${world.shop}/webhooks`)).webhooks.slice(-1);
  await world.ingests(1, () => world.webhooks(`/${delivery.webhook_id}/redeliver`));
  assert.deepStrictEqual(await requests(), [{ kind: 'data_request', orders: [id], is_done: false }]);
  assert.ok(!await is_erased('#asked'));
  const { json: [request] } = await world.house.try_waybill(['privacy', 'list']);
  assert.strictEqual(request.kind, 'data_request');
  await world.house.waybill('privacy', 'close', String(request.id), '--note', 'answered by letter');
  assert.deepStrictEqual(await requests(), [{ kind: 'data_request', orders: [id], is_done: true }]);
});

test('what could not be read keeps its bytes for people, until the person in it is redacted', async () => {
  const { id } = await world.at_shop('#redacted');
  await world.send('orders/updated', `{"id": ${id}, "email": "jane@example.com", "line_items": 1`);
  await until('the letter', () => world.db.value(`SELECT count(*) = 1 FROM dead_letter
    WHERE role = 'ingest' AND body IS NOT NULL`));
});

test('an erasure waits for two days, in which a person may refuse it', async () => {
  await world.ingests(1, () => about('customers/redact', '#redacted'));
  assert.strictEqual(await world.db.value(`SELECT (extract(epoch FROM due_at - received_at) / 3600)::int FROM store_request
    WHERE kind = 'customer_redact'`), 48);
  const checks = (await world.house.try_waybill(['doctor'])).json;
  const pending = checks.find((one) => one.check === 'erasures');
  assert.strictEqual(pending.result, 'ok');
  assert.match(pending.what, /^1 wait, the oldest since \S+ \S+, the next is due \S+ /);
  assert.ok(!await is_erased('#redacted'));
});

test('a customer\'s redaction erases what is personal in the orders named, and nothing else', async () => {
  await pass_days(2);
  await until('the erasure', () => is_erased('#redacted'));
  assert.ok(!await is_erased('#kept'));
  assert.strictEqual((await requests())[1].is_done, true);
  assert.deepStrictEqual(await world.db.rows("SELECT body, state, closed_note FROM dead_letter WHERE role = 'ingest'"),
    [{ body: null, state: 'discarded', closed_note: 'erased on request' }]);
});

test('a redaction that names no order erases nothing', async () => {
  await world.ingests(1, () => world.webhooks('', { topic: 'customers/redact', orders: [] }));
  await pass_days(2);
  await until('it to be done', async () => (await last()).done_at);
  assert.ok(!await is_erased('#kept'));
});

test('an order that is not done keeps its address until it is, but not past the 25th day: then it is held', async () => {
  await world.order('#open', { hold: 'HIGH_RISK_OF_FRAUD', email: 'jane@example.com' });
  await world.until_held('#open', 'store');
  await about('customers/redact', '#open');
  await until('the request', async () => (await last()).orders.length === 1);
  await pass_days(2);
  await until('it to be put off', async () => (await last()).error === '1 orders are not done yet');
  assert.ok(!await is_erased('#open'));
  await pass_days(23);
  await until('the erasure', () => is_erased('#open'));
  await world.until_held('#open', 'erased');
  assert.ok((await last()).done_at);
});

test('a false erasure is refused by a person, with a reason', async () => {
  const body = { shop_id: 1, shop_domain: world.shop };
  await world.ingests(1, () => world.send('shop/redact', body));
  const { id } = await last();
  assert.strictEqual((await world.house.try_waybill(['privacy', 'close', String(id)])).code, 2);
  await world.house.waybill('privacy', 'close', String(id), '--note', 'the store says it did not ask');
  await world.ingests(1, () => world.send('shop/redact', body)); /* the same words are the same request */
  const { done_at: done, closed_by: by, note, id: again } = await last();
  assert.ok(done);
  assert.match(by, /^user:/);
  assert.deepStrictEqual([note, again], ['the store says it did not ask', id]);
  assert.ok(!await is_erased('#kept'));
});

test('no event holds anything personal', async () => {
  assert.strictEqual(await world.db.value(`SELECT count(*) FROM order_event
    WHERE concat_ws(' ', actor, kind, note, detail) ~* 'jane|ada|lovelace|mission|1555000|ring twice'`), 0);
});

const store = () => world.db.row(`SELECT is_active, paused_reason, step, error FROM store WHERE id = ${world.store_id}`);
/* The minute after which a store is asked has gone by. */
const ask_now = () => world.owner.run(`UPDATE store SET due_at = now() - interval '10 seconds', published_at = NULL WHERE step = 'reconcile';`);
const SHOP_BODY = () => ({ id: 1, name: 'test', myshopify_domain: world.shop });

test('an app that is said to be uninstalled pauses the store, until the store takes our token', async () => {
  await world.ingests(1, () => world.send('app/uninstalled', SHOP_BODY()));
  const paused = await store();
  assert.deepStrictEqual([paused.is_active, paused.paused_reason, paused.step], [true, 'it is said to have removed the app', 'reconcile']);
  await world.until_held('#open', 'paused');
  await world.order('#meanwhile');
  await world.until_held('#meanwhile', 'paused');
  await ask_now();
  await until('the store to be asked', async () => (await store()).paused_reason === null);
  await world.until_state('#meanwhile', 'fulfilled');
});

test('the same words again pause nothing', async () => {
  await world.ingests(1, () => world.send('app/uninstalled', SHOP_BODY()));
  assert.strictEqual((await store()).paused_reason, null);
});

test('an uninstalled app ends all talk with the store, once that refuses our token', async () => {
  await world.webhooks('', { topic: 'app/uninstalled' });
  await until('the pause', async () => (await store()).paused_reason);
  await world.owner.run("UPDATE credential SET renewed_at = now() - interval '1 hour';");
  await ask_now();
  await until('the store to be inactive', async () => !(await store()).is_active);
  assert.deepStrictEqual(await store(), { is_active: false, paused_reason: 'it is said to have removed the app', step: null,
    error: 'the store has removed the app' });
});

test('a shop\'s redaction, which comes after the app was removed, erases all of it', async () => {
  await world.ingests(1, () => world.webhooks('', { topic: 'shop/redact' }));
  await pass_days(2);
  await until('the erasure', async () => await is_erased('#kept') && await is_erased('#asked'));
});

test('the audit chain is whole after all of it', async () => {
  assert.ok(await world.db.value('SELECT count(*) FROM order_event') > 0);
  assert.deepStrictEqual(await world.db.rows('SELECT * FROM audit_broken(0, 9223372036854775807)'), []);
});
