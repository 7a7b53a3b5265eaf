'use strict';

/*
 * Strangers at the public door, in crowds: honest webhooks are answered all the same, and quickly.
 */

const test = require('node:test');
const assert = require('assert');
const crypto = require('crypto');
const net = require('net');
const { Dribblers, House, Stopwatch, add_store, free_port, pass, request, send_webhook, sign, speak, until } = require('../lib');

const SHOP = 'crowd.myshopify.com';
const KEY = 'k'.repeat(32);
const SECRET = 'hush';
const BODY_MAX = 256 * 1024; /* and 16 times that of all bodies */
const PLACES = 64;

let house;
let gateway;
let monitor_url;

/* Ended after each test, however that ends. */
let strangers;
const crowd = (...args) => { strangers = new Dribblers(house.gateway_port, ...args); };

const hook_url = () => `${house.gateway_url}/webhook/shopify/${KEY}`;
const send = (more = {}) => send_webhook(hook_url(), { topic: 'orders/create', shop: SHOP, secret: SECRET, body: { id: 1 }, ...more });
const head = (key, rest) => `POST /webhook/shopify/${key} HTTP/1.1\r\nHost: x\r\nX-Shopify-Hmac-Sha256: ${sign(SECRET, 'x')}\r\n`
  + `X-Shopify-Topic: orders/create\r\nX-Shopify-Shop-Domain: ${SHOP}\r\n${rest}`;
const stranger = () => crypto.randomBytes(16).toString('hex');
const count = async (result) => {
  const { body } = await request(`${monitor_url}/metrics`);
  return Number((new RegExp(`^waybill_gateway_requests_total\\{result="${result}"\\} (\\d+)$`, 'm').exec(body) || [0, 0])[1]);
};
const told = (reason) => [...gateway.log.matchAll(new RegExp(`event=request_refused .*reason=${reason} times=(\\d+) `, 'g'))].map((m) => Number(m[1]));

test.before(async () => {
  const monitor = `127.0.0.1:${await free_port()}`;
  monitor_url = `http://${monitor}`;
  house = await House.open('gateway_crowd', { conf: { gateway: { body_max_bytes: BODY_MAX, connections: PLACES } } });
  await house.owner.run("INSERT INTO merchant (id, name, brand) VALUES (1, 'm', 'M');");
  await add_store(house, SHOP, KEY, { webhook_secret: SECRET });
  gateway = house.start('waybill-gateway', '--metrics', monitor);
  await until('broker and stores', async () => (await request(`${house.gateway_url}/healthz`)).status === 200);
});

test.after(() => house.close());

test.afterEach(() => {
  if (strangers) strangers.end();
  strangers = null;
});

/* So many honest webhooks one after the other, each taken within so many milliseconds of a quiet machine. */
async function honest(times, each_ms) {
  for (let i = 0; i < times; i += 1) {
    const watch = new Stopwatch();
    assert.strictEqual((await send()).status, 200);
    const took = watch.elapsed_ms();
    assert.ok(took < each_ms, `the ${i + 1}. took ${took} ms`);
  }
}

test('it hears again after all its places were taken and left at once', async () => {
  const sockets = Array.from({ length: PLACES }, () => net.connect(house.gateway_port, '127.0.0.1').on('error', () => {}));
  const in_it = async () => Number(/^process_open_fds (\d+)$/m.exec((await request(`${monitor_url}/metrics`)).body)[1]);
  await until('them to be in', async () => await in_it() >= PLACES);
  process.kill(gateway.pid, 'SIGSTOP');
  const gone = Promise.all(sockets.map((socket) => new Promise((resolve) => { socket.on('close', resolve); })));
  sockets.forEach((socket) => socket.destroy());
  await gone;
  process.kill(gateway.pid, 'SIGCONT');
  await honest(3, 1000);
});

test('bodies of keys that no store has are not read', async () => {
  crowd(24, () => head(stranger(), `Content-Length: ${BODY_MAX}\r\n\r\n${'x'.repeat(BODY_MAX - 100)}`), 'x', 300);
  await until('strangers to be refused', async () => await count('key') >= 24);
  const before = await count('key');
  await honest(40, 500);
  assert.ok(await count('key') > before, 'they came no more');
});

test('the head alone decides it, also when the stores have to be read again', async () => {
  await pass(1100); /* what was read in the last second is not read again */
  const { closed } = speak(house.gateway_port, head(stranger(), 'Content-Length: 1000\r\n\r\n'));
  assert.match(await closed, /^HTTP\/1.1 404 /);
});

test('more slow heads than places', async () => {
  crowd(PLACES * 3, () => 'GET /healthz HTTP/1.1\r\nX: ', 'x', 300);
  await until('them to be cut off', () => strangers.cuts > PLACES);
  await honest(10, 3000);
});

test('more idle connections than places', async () => {
  crowd(PLACES * 3, () => '', '', 300);
  await until('them to be cut off', () => strangers.cuts > PLACES);
  await honest(10, 3000);
});

test('slow bodies of somebody who knows the key', async () => {
  crowd(24, () => head(KEY, `Content-Length: ${BODY_MAX}\r\n\r\n${'x'.repeat(BODY_MAX - 100)}`), 'x', 300);
  await until('some to be cut off', async () => await count('slow') > 0 && strangers.cuts > 24);
  await honest(20, 500);
});

test('a thousand refusals are counted, and told in a few lines', async () => {
  const before = await count('signature');
  for (let i = 0; i < 10; i += 1) {
    const answers = await Promise.all(Array.from({ length: 100 }, () => send({ secret: 'wrong' })));
    assert.ok(answers.every(({ status }) => status === 401 || status === 503), 'refused');
  }
  const refused = await count('signature') - before;
  await until('all to be told', () => told('signature').reduce((sum, n) => sum + n, 0) === refused + before);
  assert.ok(told('signature').length < 100, `${told('signature').length} lines`);
});

test('what can be understood in two ways is refused at once', async () => {
  const body = '{"id":1}';
  const all = (rest) => `POST /webhook/shopify/${KEY} HTTP/1.1\r\nHost: x\r\nX-Shopify-Topic: orders/create\r\nX-Shopify-Shop-Domain: ${SHOP}\r\n`
    + `X-Shopify-Hmac-Sha256: ${sign(SECRET, body)}\r\n${rest}\r\n${body}`;
  const heads = {
    'two lengths': 'Content-Length: 8\r\nContent-Length: 0\r\n',
    'a length and a coding': 'Content-Length: 8\r\nTransfer-Encoding: chunked\r\n',
    'an unknown coding': 'Transfer-Encoding: xchunked\r\n',
    'two signatures': 'Content-Length: 8\r\nx-shopify-hmac-sha256: other\r\n',
    'two topics': 'Content-Length: 8\r\nX-Shopify-Topic: shop/redact\r\n',
  };
  for (const [what, rest] of Object.entries(heads)) {
    assert.match(await speak(house.gateway_port, all(rest)).closed, /^HTTP\/1.1 400 /, what);
  }
  assert.match(await speak(house.gateway_port, all('Content-Length: 8\r\nConnection: close\r\n')).closed, /^HTTP\/1.1 200 /);
});
