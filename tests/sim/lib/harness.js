'use strict';

/* For the simulators' own tests: all of them in this process, and short words to talk to them. */

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

module.exports = { SHOP, call, simulate };
