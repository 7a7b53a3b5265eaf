'use strict';

/* For the simulators' own tests: all of them in this process, and short words to talk to them. */

const http = require('node:http');

const { start } = require('../run');

const SHOP = 'demo.myshopify.com';

async function call(method, url, body, headers = {}) {
  const answer = await fetch(url, {
    method, headers: { 'content-type': 'application/json', ...headers },
    body: body === undefined ? undefined : typeof body === 'string' ? body : JSON.stringify(body),
  });
  const text = await answer.text();
  let json;
  try {
    json = JSON.parse(text);
  } catch {
    json = undefined;
  }
  return { status: answer.status, headers: answer.headers, text, body: json };
}

/* Starts the simulators for one test, with two locations and a demo shop. */
async function simulate(t, shop = {}) {
  const running = await start();
  t.after(() => running.stop());
  const { shopify, shippo, smtp: { control: mail } } = running.urls;
  running.sims.shopify.add_shop({ domain: SHOP, ...shop });
  const base = `${shopify}/_sim/shops/${SHOP}`;

  const control = async (method, url, body) => {
    const answer = await call(method, url, body);
    if (answer.status !== 200) throw new Error(`${method} ${url}: ${answer.text}`);
    return answer.body;
  };
  const world = {
    ...running, shop: (path, body) => control('POST', `${base}${path}`, body),
    control, base,
    books: (name) => control('GET', `${{ shopify, shippo, mail }[name]}/_sim/books`),
    shop_books: async () => (await world.books('shopify')).shops[SHOP],
    fault: (name, rule) => control('POST', `${{ shopify, shippo, mail }[name]}/_sim/faults`, rule),
    skip_ms: (ms) => control('POST', `${shopify}/_sim/clock`, { advance_ms: ms }),
    ask: (token, query, variables) => call('POST',
      `${shopify}/${SHOP}/admin/api/2026-10/graphql.json`, { query, variables },
      { 'x-shopify-access-token': token }),
    token: async () => (await call('POST', `${shopify}/${SHOP}/admin/oauth/access_token`, {
      grant_type: 'client_credentials', client_id: 'sim-client', client_secret: 'hush',
    })).body.access_token,
    carrier: (method, path, body) => call(method, `${shippo}${path}`, body,
      { authorization: 'ShippoToken shippo_test_1' }),
  };
  await world.shop('/locations', [{ name: 'East' }, { name: 'West' }]);
  return world;
}

/* Somebody who takes webhooks: { url, got }. `status_of(nth, headers)` is the answer's status. */
async function receiver(t, status_of = () => 200) {
  const got = [];
  const server = http.createServer((request, answer) => {
    const chunks = [];
    request.on('data', (chunk) => chunks.push(chunk));
    request.on('end', () => {
      got.push({ headers: request.headers, body: Buffer.concat(chunks).toString('utf8') });
      answer.writeHead(status_of(got.length, request.headers), { 'content-length': 0 });
      answer.end();
    });
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => {
    server.close();
    server.closeAllConnections();
  });
  return { url: `http://127.0.0.1:${server.address().port}/webhooks/shopify`, got };
}

module.exports = { SHOP, call, receiver, simulate };
