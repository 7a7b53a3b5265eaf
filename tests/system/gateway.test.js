'use strict';

/*
 * The public door: who gets in, who does not, and that 200 means the broker has it.
 */

const test = require('node:test');
const assert = require('assert');
const { House, Stopwatch, add_store, free_port, request, send_webhook, sign, speak, until } = require('../lib');

const SHOP = 'door.myshopify.com';
const KEY = 'k'.repeat(32);
const SECRET = 'hush';
const BODY = { id: 820982911946154508n.toString(), note: 'Grüße' };
const BODY_MAX = 100000;

const CONF = { gateway: { body_max_bytes: BODY_MAX } };

let house;
let gateway;
let monitor_url;
let taken = 0; /* webhooks that must be in the broker */

const hook_url = (key = KEY) => `${house.gateway_url}/webhook/shopify/${key}`;
const send = (more = {}, url = hook_url()) => (
  send_webhook(url, { topic: 'orders/create', shop: SHOP, secret: SECRET, body: BODY, ...more }));

async function is_taken(more, url) {
  const { status } = await send(more, url);
  if (status === 200) taken += 1;
  return status === 200;
}

test.before(async () => {
  const monitor = `127.0.0.1:${await free_port()}`;
  monitor_url = `http://${monitor}`;
  house = await House.open('gateway', { conf: CONF });
  await house.owner.run("INSERT INTO merchant (id, name, brand) VALUES (1, 'm', 'M');");
  await add_store(house, SHOP, KEY, { webhook_secret: SECRET });
  gateway = house.start('waybill-gateway', '--metrics', monitor);
  await gateway.prints('event=ready');
  await until('broker and stores', async () => (await request(`${house.gateway_url}/healthz`)).status === 200);
});

test.after(() => house.close());

const WHO = { shop_id: 1, shop_domain: SHOP };
const CUSTOMER = { customer: { id: 1, email: null } };
const BODIES = {
  'orders/create': BODY,
  'customers/data_request': { ...WHO, ...CUSTOMER, orders_requested: [1], data_request: { id: 1 } },
  'customers/redact': { ...WHO, ...CUSTOMER, orders_to_redact: [1] },
  'shop/redact': WHO,
  'app/uninstalled': { id: 1, name: 'Door', myshopify_domain: SHOP },
};

test('a signed webhook is taken, also about compliance and an uninstalled app', async () => {
  for (const [topic, body] of Object.entries(BODIES)) {
    assert.ok(await is_taken({ topic, body }), topic);
    assert.strictEqual((await send({ topic, body, secret: 'wrong' })).status, 401, topic);
  }
});

test('what erases or ends all talk must look like it, whatever topic is put over a signed body', async () => {
  for (const topic of Object.keys(BODIES).slice(1)) {
    for (const [own, body] of Object.entries(BODIES)) {
      if (own !== topic) assert.strictEqual((await send({ topic, body })).status, 400, `${own} as ${topic}`);
    }
  }
  assert.match(gateway.log, /event=request_refused status=400 store=\d+ reason=unlike_topic /);
});

test('what erases or ends all talk must name the store, however it is addressed', async () => {
  for (const [topic, body] of Object.entries(BODIES).slice(1)) {
    const elsewhere = JSON.stringify(body).replace(SHOP, 'other.myshopify.com');
    assert.strictEqual((await send({ topic, body: elsewhere })).status, 401, topic);
    assert.ok(await is_taken({ topic, body: JSON.stringify(body).replace(SHOP, SHOP.toUpperCase()) }), topic);
  }
});

test('what is not a signed webhook of a known store is refused', async () => {
  const header = (name, value) => ({ headers: { [name]: value } });
  const refusals = [
    ['another secret', 401, send({ secret: 'hash' })],
    ['no secret', 401, send({ secret: '' })],
    ['no signature', 401, send(header('X-Shopify-Hmac-Sha256', undefined))],
    ['an empty signature', 401, send(header('X-Shopify-Hmac-Sha256', ''))],
    ['a signature that is no base64', 401, send(header('X-Shopify-Hmac-Sha256', '%%%'))],
    ['a signature that is cut off', 401, send(header('X-Shopify-Hmac-Sha256', sign(SECRET, 'x').slice(0, 40)))],
    ["another body's signature", 401, send(header('X-Shopify-Hmac-Sha256', sign(SECRET, 'x')))],
    ["another shop's webhook under the same secret", 401, send({ shop: 'other.myshopify.com' })],
    ['no domain', 401, send(header('X-Shopify-Shop-Domain', undefined))],
    ['no topic', 400, send(header('X-Shopify-Topic', undefined))],
    ['a topic that is none', 400, send({ topic: 'orders create' })],
    ['a topic without end', 400, send({ topic: 't'.repeat(300) })],
    ['no body', 400, send({ body: '' })],
    ['a body too large', 413, send({ body: 'x'.repeat(BODY_MAX + 1) })],
    ['an unknown key', 404, send({}, hook_url('u'.repeat(32)))],
    ['another unknown key', 404, send({}, hook_url('v'.repeat(32)))],
    ['a key that is none', 404, send({}, hook_url("'; DROP TABLE store; --"))],
    ['an unknown platform', 404, send({}, `${house.gateway_url}/webhook/gopher/${KEY}`)],
    ['another path', 404, send({}, `${house.gateway_url}/webhooks`)],
    ['metrics', 404, request(`${house.gateway_url}/metrics`)],
    ['GET', 405, request(hook_url())],
    ['POST to health', 405, request(`${house.gateway_url}/healthz`, { method: 'POST' })],
  ];
  for (const [what, want, answer] of refusals) assert.strictEqual((await answer).status, want, what);
  assert.match(gateway.log, /event=request_refused status=401 store=\d+ reason=domain /);
  assert.doesNotMatch(gateway.log, /127\.0\.0\.1|Gr|hush|DROP/);
});

test('a body that grows too large in chunks is refused while it comes', async () => {
  const { socket, closed } = speak(house.gateway_port, `POST /webhook/shopify/${KEY} HTTP/1.1\r\nHost: x\r\n`
    + 'X-Shopify-Hmac-Sha256: x\r\nTransfer-Encoding: chunked\r\n\r\n');
  const chunk = `8000\r\n${'x'.repeat(0x8000)}\r\n`;
  for (let i = 0; i < 4; i += 1) socket.write(chunk);
  assert.match(await closed, /^HTTP\/1.1 413 /);
});

test('a chunked body within the limit is taken', async () => {
  const bytes = Buffer.from(JSON.stringify(BODY));
  const { closed } = speak(house.gateway_port, `POST /webhook/shopify/${KEY} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n`
    + `X-Shopify-Topic: orders/create\r\nX-Shopify-Shop-Domain: ${SHOP}\r\nX-Shopify-Hmac-Sha256: ${sign(SECRET, bytes)}\r\n`
    + `Transfer-Encoding: chunked\r\n\r\n${bytes.length.toString(16)}\r\n${bytes}\r\n0\r\n\r\n`);
  assert.match(await closed, /^HTTP\/1.1 200 /);
  taken += 1;
});

test('a new store is known as soon as its first webhook comes', async () => {
  const key = 'n'.repeat(32);
  await add_store(house, 'new.myshopify.com', key, { webhook_secret: 'new', webhook_secret_old: 'old' });
  const is_new_taken = (secret) => is_taken({ shop: 'new.myshopify.com', secret }, hook_url(key));
  await until('the new store', () => is_new_taken('new'), 5000);
  assert.ok(await is_new_taken('old'), 'the secret before the last change');
  assert.ok(!await is_new_taken(SECRET), "another store's secret");
});

test('an inactive store is heard about personal data only', async () => {
  const key = 'i'.repeat(32);
  await add_store(house, 'gone.myshopify.com', key, { webhook_secret: SECRET }, false);
  const from_gone = (topic, body) => send({ shop: 'gone.myshopify.com', topic, body }, hook_url(key));
  await until('the store', async () => (await from_gone('orders/create', BODY)).status === 200, 5000);
  const redaction = { shop_id: 1, shop_domain: 'gone.myshopify.com' };
  assert.strictEqual((await from_gone('shop/redact', redaction)).status, 200);
  taken += 1;
});

test('three hundred webhooks at once are all taken', async () => {
  const answers = await Promise.all(Array.from({ length: 300 }, () => is_taken()));
  assert.deepStrictEqual([...new Set(answers)], [true]);
});

test('the broker holds exactly what was answered with 200', async () => {
  /* It counts every 5 s. */
  const is_settled = async () => (await house.queues())['wb.ingest'].ready === taken;
  await until(`${taken} messages`, is_settled, 20000);
});

test('metrics and health have a listener of their own', async () => {
  const { status, body } = await request(`${monitor_url}/metrics`);
  assert.strictEqual(status, 200);
  assert.match(String(body), /^waybill_gateway_requests_total\{result="accepted"\} \d+$/m);
  assert.match(String(body), /^waybill_gateway_stores \d+$/m);
  const health = await request(`${monitor_url}/healthz`);
  assert.strictEqual(String(health.body), 'broker up\nstores up\ndatabase up\n');
});

test('without a broker it answers 503 in time for the platform', async () => {
  const port = await free_port();
  const url = `http://127.0.0.1:${port}`;
  const hook = `${url}/webhook/shopify/${KEY}`;
  house.write_conf({ gateway: { listen: `127.0.0.1:${port}` },
    broker: { urls: 'amqp://guest:guest@127.0.0.1:1/none' } });
  const alone = house.start('waybill-gateway');
  await until('the stores', async () => /stores up/.test((await request(`${url}/healthz`)).body));
  const watch = new Stopwatch();
  const { status, headers } = await send({}, hook);
  assert.strictEqual(status, 503);
  assert.ok(Number(headers['retry-after']) > 0);
  assert.ok(watch.elapsed_ms() < 5000);
  assert.strictEqual((await send({ secret: 'wrong' }, hook)).status, 401);
  assert.strictEqual((await request(`${url}/healthz`)).status, 503);
  assert.strictEqual(await alone.stop(), 0);
  house.write_conf(CONF);
});

test('SIGTERM lets a request that is on its way finish, and takes no new one', async () => {
  const bytes = Buffer.from(JSON.stringify(BODY));
  const { socket, closed } = speak(house.gateway_port, `POST /webhook/shopify/${KEY} HTTP/1.1\r\nHost: x\r\n`
    + `X-Shopify-Topic: orders/create\r\nX-Shopify-Shop-Domain: ${SHOP}\r\nX-Shopify-Hmac-Sha256: ${sign(SECRET, bytes)}\r\n`
    + `Content-Length: ${bytes.length}\r\n\r\n`);
  socket.write(bytes.subarray(0, 10));
  /* The other one in hand is the one that asks. */
  const has_begun = async () => /_in_hand 2$/m.test((await request(`${monitor_url}/metrics`)).body);
  await until('the request to begin', has_begun);
  const ended = gateway.stop();
  await gateway.prints('event=stopping');
  await assert.rejects(send());
  socket.write(bytes.subarray(10));
  assert.match(await closed, /^HTTP\/1.1 200 /);
  assert.strictEqual(await ended, 0);
});

test('without the queue nothing is promised', async () => {
  gateway = house.start('waybill-gateway');
  await until('the stores', async () => (await send()).status === 200);
  await house.servers.delete_queue(house.name, 'wb.ingest');
  assert.strictEqual((await send()).status, 503);
});

test('a configuration that cannot work is refused', async () => {
  const check = async (conf) => {
    house.write_conf(conf);
    const program = house.start('waybill-gateway', '--check');
    return [await program.ended, program.log];
  };
  assert.deepStrictEqual(await check(CONF), [0, 'all is there that waybill-gateway needs\n']);
  for (const wrong of [{ gateway: { listn: 'x' } }, { gateway: { listen: 'everywhere' } },
    { secrets: { key_file: '/nowhere/master.key' } }, { broker: { urls: 'http://x' } }]) {
    const [code, log] = await check(wrong);
    assert.strictEqual(code, 1, JSON.stringify(wrong));
    assert.match(log, /^waybill-gateway: /);
  }
});
