'use strict';

/*
 * Bodies that no honest store sends, rightly signed: each becomes a dead letter that says what is wrong, or an order
 * with exact data; never half of one, and nobody dies of it.
 */

const test = require('node:test');
const assert = require('assert');
const net = require('net');
const { World, order_body, run, until, within, TOP } = require('../lib');

const MIB = 1 << 20;

let world;

test.before(async () => {
  world = await World.open('bad_input', { conf: { clock: { reconcile_s: 3000 } } });
  await world.start(['ingest', 'route', 'renew', 'dead']);
});

test.after(() => world.close());

const letters = (after = 0) => world.db.rows(`SELECT id, error, error_kind, error_code, length(body) AS size
  FROM dead_letter WHERE role = 'ingest' AND id > ${after} ORDER BY id`);
const last_letter = () => world.db.value('SELECT coalesce(max(id), 0) FROM dead_letter');

/* Sends a body that must be taken at the door and refused behind it; returns the reason. */
async function reason(body, topic = 'orders/create') {
  const before = await last_letter();
  assert.strictEqual((await world.send(topic, body)).status, 200);
  const [letter] = await until('a dead letter', async () => {
    const found = await letters(before);
    return found.length && found;
  });
  assert.deepStrictEqual([letter.error_kind, letter.error_code], ['final', 'data']);
  return letter.error;
}

/* ---- bytes ---- */

test('a body cut off at any place is refused as cut off', async () => {
  const bytes = Buffer.from(JSON.stringify(order_body({ name: '#cut', note: 'Grüße 🚪' })));
  const before = await last_letter();
  const cuts = Array.from({ length: 40 }, (_, i) => Math.floor(((i + 1) * (bytes.length - 1)) / 40));
  for (const length of cuts) {
    assert.strictEqual((await world.send('orders/create', bytes.subarray(0, length))).status, 200);
  }
  const found = await until('40 dead letters', async () => {
    const rows = await letters(before);
    return rows.length >= 40 && rows;
  });
  assert.deepStrictEqual(found.map((letter) => letter.size).sort((a, b) => a - b), cuts);
  for (const letter of found) assert.match(letter.error, /^orders\/create: .*(cut off|not JSON|not UTF-8)/);
});

const BYTES = {
  'brackets nested 10,000 deep': ['['.repeat(10000), /nested/],
  'an order nested 10,000 deep': [`{"id":1,"x":${'{"x":'.repeat(10000)}1${'}'.repeat(10001)}`, /nested/],
  'four megabytes of brackets': ['['.repeat(4 * MIB), /nested/],
  'bytes that are not UTF-8': [Buffer.from('{"id":1,"note":"\xff\xfe"}', 'latin1'), /not UTF-8/],
  'an overlong encoding': [Buffer.from('{"id":1,"note":"\xc0\xaf"}', 'latin1'), /not UTF-8/],
  'UTF-16': [Buffer.from('\ufeff{"id":1}', 'utf16le'), /not (UTF-8|JSON)/],
  'a NUL byte': ['{"id":1,"note":"a\0b"}', /not JSON/],
  'a NUL in a key': ['{"id":1,"no\\u0000te":1}', /NUL/],
  'a list': ['[]', /id: missing/],
  'a text': ['"hello"', /id: missing|not JSON/],
  'a number': ['5', /id: missing|not JSON/],
  null: ['null', /id: missing|not JSON/],
  'a NUL in an id': ['{"id":"1\\u0000"}', /id: /],
  'an empty object': ['{}', /id: missing/],
  HTML: ['<html><body>502</body></html>', /not JSON/],
  'two documents': ['{"id":1}{"id":2}', /not JSON/],
  'an id beyond 64 bits': ['{"id":99999999999999999999}', /beyond 64 bits/],
  'a number beyond all bounds': [`{"id":1,"x":1e${'9'.repeat(400)}}`, /not JSON|beyond/],
};

for (const [what, [body, want]] of Object.entries(BYTES)) {
  test(`refused: ${what}`, async () => assert.match(await reason(body), want));
}

test('a byte order mark is no harm', async () => {
  await world.send('orders/create', `\ufeff${JSON.stringify(order_body({ name: '#bom' }))}`);
  await until('the order', () => world.find('#bom'));
});

/* Writes a request and then `bytes` of body in chunks; resolves with what came back once the gateway has closed. */
function pour(head, chunk, bytes) {
  const ended = new Promise((resolve) => {
    const socket = net.connect(world.house.gateway_port, '127.0.0.1');
    let got = '';
    let left = bytes;
    const more = () => {
      while (left > 0 && socket.writable) {
        left -= chunk.length;
        if (!socket.write(chunk)) return;
      }
    };
    socket.on('data', (data) => { got += data; });
    socket.on('drain', more);
    socket.on('error', () => {});
    socket.on('close', () => resolve({ got, sent: bytes - left }));
    socket.write(head);
    more();
  });
  return within('the gateway to close', ended, 20000);
}

const head = (how) => 'POST /webhook/shopify/bad-input-myshopify-com-0123456789 HTTP/1.1\r\nHost: x\r\n'
  + 'X-Shopify-Topic: orders/create\r\n'
  + `X-Shopify-Shop-Domain: ${world.shop}\r\nX-Shopify-Hmac-Sha256: AAAA\r\n${how}\r\n\r\n`;

const CHUNK = Buffer.alloc(64 * 1024, 'x');
const CHUNKED = Buffer.concat([Buffer.from('10000\r\n'), CHUNK, Buffer.from('\r\n')]);

test('100 MB that are announced: 413 before a byte of them is sent', async () => {
  assert.match((await pour(head('Content-Length: 104857600'), CHUNK, 0)).got, /^HTTP\/1\.1 413 /);
});

test('100 MB that come all the same or unannounced: the connection ends, the gateway stays small', async () => {
  for (const [header, chunk] of [['Content-Length: 104857600', CHUNK], ['Transfer-Encoding: chunked', CHUNKED]]) {
    const { sent } = await pour(head(header), chunk, 100 * MIB);
    assert.ok(sent < 90 * MIB, `${sent} bytes were read`);
    assert.ok(world.gateway.rss_bytes() < 64 * MIB, `${world.gateway.rss_bytes()} bytes`);
  }
});

/* ---- numbers of things ---- */

const lines = (count) => Array.from({ length: count }, () => ({ sku: 'B', quantity: 1 }));

test('an order of 3,000 lines is refused, one of 2,000 is taken whole', async () => {
  assert.match(await reason(order_body({ name: '#3000', lines: lines(3000) })), /lines: too many/);
  await world.send('orders/create', order_body({ name: '#2000', financial_status: 'pending', lines: lines(2000) }));
  const order = await until('the order', () => world.find('#2000'));
  assert.strictEqual(await world.db.value(`SELECT count(*) FROM order_line WHERE order_id = ${order.id}`), 2000);
});

test('a million units are taken, and wait', async () => {
  await world.send('orders/create', order_body({ name: '#million', lines: [{ sku: 'B', quantity: 1000000 }] }));
  await world.until_state('#million', 'awaiting_fulfillment');
  assert.strictEqual(await world.db.value(`SELECT sum(allocated) + sum(backordered) FROM line_part
    WHERE order_id = (SELECT id FROM orders WHERE name = '#million')`), 1000000);
});

/* ---- messages that no gateway has written ---- */

const erlang = (text) => `<<"${text.replace(/["\\]/g, '\\$&')}">>`;

/* Puts messages into wb.ingest: [headers, body]. */
async function publish(messages) {
  const terms = messages.map(([headers, body]) => `{[${Object.entries(headers)
    .map(([name, value]) => `{${erlang(name)}, longstr, ${erlang(value)}}`)}], ${erlang(body)}}`);
  const { code, stderr } = await run(`${TOP}/tools/servers`, ['ctl', 'test', '-q', 'eval', `[rabbit_basic:publish(
    rabbit_misc:r(${erlang(world.house.name)}, exchange, <<"">>), <<"wb.ingest">>, [{headers, H}], B)
    || {H, B} <- [${terms}]].`]);
  assert.strictEqual(code, 0, stderr);
}

test('messages that make no sense become dead letters with their reason', async () => {
  const store = String(world.store_id);
  const cases = [
    [{}, '', /no store/],
    [{ 'x-wb-store': '4711', 'x-wb-kind': 'webhook' }, '{}', /no store 4711/],
    [{ 'x-wb-store': 'all', 'x-wb-kind': 'webhook' }, '{}', /no store/],
    [{ 'x-wb-store': '1; DROP TABLE orders', 'x-wb-kind': 'riddle' }, '{}', /unknown kind/],
    [{ 'x-wb-store': store }, '{}', /unknown kind/],
    [{ 'x-wb-store': store, 'x-wb-kind': 'fetch' }, '', /unknown kind|without/],
    [{ 'x-wb-store': store, 'x-wb-kind': 'order' }, '', /empty/],
    [{ 'x-wb-store': store, 'x-wb-kind': 'order' }, '{"id": "1", "payment": "paid"}', /placed_at: missing/],
    [{ 'x-wb-store': store, 'x-wb-kind': 'webhook', 'x-wb-topic': 'orders/create', 'x-wb-attempt': 'many' },
      '{}', /id: missing/],
  ];
  const before = await last_letter();
  await publish(cases);
  const found = await until('their dead letters', async () => {
    const rows = await letters(before);
    return rows.length === cases.length && rows;
  });
  const errors = found.map((letter) => letter.error);
  for (const [, , want] of cases) assert.ok(errors.some((error) => want.test(error)), `${want} is not in ${errors}`);
});

/* ---- what is left of it ---- */

test('nothing was half written, and nobody has died', async () => {
  assert.deepStrictEqual((await world.db.rows('SELECT name FROM orders ORDER BY id')).map((order) => order.name),
    ['#bom', '#2000', '#million']);
  assert.strictEqual(await world.db.value(`SELECT count(*) FROM orders WHERE id NOT IN (SELECT order_id FROM order_line)
    OR id NOT IN (SELECT order_id FROM order_event)`), 0);
  for (const program of [world.worker, world.gateway]) assert.ok(program.is_running, program.name);
  assert.ok(world.worker.rss_bytes() < 96 * MIB, `${world.worker.rss_bytes()} bytes`);
});
