'use strict';

/*
 * docs/nginx.conf, as a reader would install it but for names, ports and certificates: nginx takes it, and webhooks come
 * through it whole.
 */

const test = require('node:test');
const assert = require('assert');
const fs = require('fs');
const https = require('https');
const path = require('path');
const { House, Program, TOP, add_store, free_port, pass, run, sign, speak, until, within } = require('../lib');

const SHOP = 'behind.myshopify.com';
const KEY = 'k'.repeat(32);
const SECRET = 'hush';

const PATH = { PATH: `${process.env.PATH}:/usr/sbin` }; /* not everybody has that */

let house;
let port;
let conf;

/* The whole of nginx's configuration around ours. */
function around(file) {
  const folders = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((name) => `${name}_temp_path ${house.dir}/${name};`);
  return `daemon off; worker_processes 1; pid ${house.dir}/nginx.pid; error_log stderr;
${process.getuid() === 0 ? 'user root;' : ''} events {} http { access_log off; ${folders.join(' ')} include ${file}; }\n`;
}

test.before(async () => {
  house = await House.open('nginx');
  port = await free_port();
  await house.owner.run("INSERT INTO merchant (id, name, brand) VALUES (1, 'm', 'M');");
  await add_store(house, SHOP, KEY, { webhook_secret: SECRET });
  const made = await run('openssl', ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '1', '-subj', '/CN=hooks.example.com',
    '-keyout', path.join(house.dir, 'privkey.pem'), '-out', path.join(house.dir, 'fullchain.pem')]);
  assert.strictEqual(made.code, 0, made.stderr);
  const replace = [['listen 443 ssl;', `listen 127.0.0.1:${port} ssl;`], ['listen [::]:443 ssl;', ''],
    ['/etc/ssl/waybill/', `${house.dir}/`], ['/etc/ssl/waybill/', `${house.dir}/`], ['127.0.0.1:8480', `127.0.0.1:${house.gateway_port}`]];
  let text = fs.readFileSync(path.join(TOP, 'docs', 'nginx.conf'), 'utf8');
  for (const [from, to] of replace) {
    assert.ok(text.includes(from), from);
    text = text.replace(from, to);
  }
  fs.writeFileSync(path.join(house.dir, 'waybill-nginx.conf'), text);
  conf = path.join(house.dir, 'nginx.conf');
  fs.writeFileSync(conf, around(path.join(house.dir, 'waybill-nginx.conf')));
});

test.after(() => house.close());

function ask(where, { method = 'POST', body = '', headers = {} } = {}) {
  const answer = new Promise((resolve, reject) => {
    const outgoing = https.request({ port, host: '127.0.0.1', path: where, method, headers, agent: false, rejectUnauthorized: false }, (incoming) => {
      incoming.resume().on('end', () => resolve(incoming.statusCode));
    });
    outgoing.on('error', reject).end(body);
  });
  return within(`an answer through nginx to ${where}`, answer);
}

const webhook = (body, more = {}) => ask(`/webhook/shopify/${KEY}`, { body,
  headers: { 'X-Shopify-Topic': 'orders/create', 'X-Shopify-Shop-Domain': SHOP, 'X-Shopify-Hmac-Sha256': sign(SECRET, body), ...more } });

test('nginx finds nothing wrong with it', async () => {
  const { code, stderr } = await run('nginx', ['-t', '-c', conf], { env: PATH });
  assert.strictEqual(code, 0, stderr);
  assert.doesNotMatch(stderr, /\[(warn|error|emerg)\]/);
});

test('signed webhooks come through byte by byte; all else ends there or at the gateway', async () => {
  const gateway = house.start('waybill-gateway');
  const nginx = new Program('nginx', ['-c', conf], PATH);
  house.programs.push(nginx);
  await until('the gateway behind nginx', async () => await webhook('{"id": 1}') === 200);
  assert.strictEqual(await webhook(`{ "id":2,\t"note":"Grüße \\ud83d" }${' '.repeat(1 << 20)}`), 200);
  assert.strictEqual(await webhook('{"id": 3}', { 'X-Shopify-Hmac-Sha256': sign('other', '{"id": 3}') }), 401);
  assert.strictEqual(await webhook('x'.repeat((8 << 20) + 1)), 413);
  assert.strictEqual(await ask(`/webhook/shopify/${'u'.repeat(32)}`, { headers: { 'X-Shopify-Hmac-Sha256': 'x' } }), 404);
  assert.strictEqual(await ask(`/webhook/shopify/${KEY}`, { method: 'GET' }), 403);
  for (const where of ['/healthz', '/metrics', '/']) assert.strictEqual(await ask(where, { method: 'GET' }), 404, where);
  assert.doesNotMatch(gateway.log, /reason=path/); /* they did not get there */
});

test('a slow body holds nothing of the gateway', async () => {
  const before = (await run('sh', ['-c', `ls /proc/${house.programs[0].pid}/fd | wc -l`])).stdout;
  const slow = Array.from({ length: 20 }, () => https.request({ port, host: '127.0.0.1', path: `/webhook/shopify/${KEY}`, method: 'POST',
    headers: { 'Content-Length': 1000 }, agent: false, rejectUnauthorized: false }).on('error', () => {}));
  slow.forEach((request) => request.write('x'));
  await pass(300);
  const now = (await run('sh', ['-c', `ls /proc/${house.programs[0].pid}/fd | wc -l`])).stdout;
  assert.ok(Number(now) <= Number(before) + 1, `${now} descriptors after ${before}`);
  assert.strictEqual(await webhook('{"id": 4}'), 200);
  slow.forEach((request) => request.destroy());
  assert.match(await speak(port, 'GET / HTTP/1.0\r\n\r\n').closed, /^HTTP\/1.1 400 /); /* no TLS, no service */
});
