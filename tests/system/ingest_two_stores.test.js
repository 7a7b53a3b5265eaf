'use strict';

/*
 * One app of two stores signs for both with one secret, and headers are not signed: what a body of one store can do when
 * somebody sends it to the other.
 */

const test = require('node:test');
const assert = require('assert');
const { World, order_body, send_webhook } = require('../lib');

const OTHER = 'two-stores-other.myshopify.com';

let world;

test.before(async () => {
  world = await World.open('ingest_two_stores', { conf: { clock: { reconcile_s: 3000 } } });
  await world.add_store(OTHER, { items: { A: { price: '12.50', grams: 200 } } });
  await world.start();
});

test.after(() => world.close());

/* To the other store's path, as if it came from there; the webhook is dealt with when this returns, and what it caused. */
async function send(body, topic = 'orders/create', messages = 1) {
  const url = `${world.house.gateway_url}/webhook/shopify/${OTHER.replace(/\W/g, '-')}-0123456789`;
  const send_it = () => send_webhook(url, { topic, shop: OTHER, secret: 'hush', body });
  let answer;
  await world.ingests(messages, async () => { answer = await send_it(); });
  return answer.status;
}

const status_url = (domain) => `https://${domain}/1/orders/x/authenticate?key=y`;
const found = (name) => world.db.rows(`SELECT store.domain, orders.note FROM orders JOIN store ON store.id = store_id
  WHERE orders.name = '${name}'`);

test('a whole order that names the store is taken at its word', async () => {
  assert.strictEqual(await send(order_body({ name: '#named', order_status_url: status_url(OTHER) })), 200);
  assert.deepStrictEqual(await found('#named'), [{ domain: OTHER, note: null }]);
});

test("an order of the first store is not the second's: it is asked, and knows nothing of it", async () => {
  assert.strictEqual(await send(order_body({ name: '#stolen', order_status_url: status_url(world.shop) }), 'orders/create', 2), 200);
  assert.deepStrictEqual(await found('#stolen'), []);
});

test('an order that names no store is read from the store it came to', async () => {
  const { id } = await world.house.control('shopify', `shops/${OTHER}/orders`, 'POST',
    { name: '#asked', lines: [{ sku: 'A' }], note: 'as the store has it', webhooks: 'drop' });
  await send(order_body({ id: Number(id), name: '#asked', note: 'as somebody says' }), 'orders/create', 2);
  assert.deepStrictEqual(await found('#asked'), [{ domain: OTHER, note: 'as the store has it' }]);
});

test('an order that is known needs no such proof: its number is in no other store', async () => {
  const body = order_body({ name: '#known', order_status_url: status_url(OTHER) });
  await send(body);
  await send({ ...body, order_status_url: null, note: 'changed', updated_at: new Date(Date.now() + 60000).toISOString() }, 'orders/updated');
  assert.deepStrictEqual(await found('#known'), [{ domain: OTHER, note: 'changed' }]);
});
