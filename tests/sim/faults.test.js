'use strict';

const assert = require('node:assert');
const test = require('node:test');

const { Faults } = require('./lib/faults');
const { SHOP, call, simulate } = require('./lib/harness');
const { random_source } = require('./lib/random');

const request = { operations: ['order'], path: '/x', method: 'POST', body: 'hello' };

function taken(faults, times) {
  return Array.from({ length: times }, () => (faults.take(request).slow_ms ? 1 : 0)).join('');
}

function with_match(match, seed = 1) {
  const faults = new Faults(random_source(seed));
  faults.add({ match, do: { slow_ms: 1 } });
  return faults;
}

test('a rule applies to the nth, to each nth, at most so often', () => {
  assert.strictEqual(taken(with_match({ nth: [2, 4] }), 5), '01010');
  assert.strictEqual(taken(with_match({ every: 3 }), 6), '001001');
  assert.strictEqual(taken(with_match({ times: 2 }), 4), '1100');
  assert.strictEqual(taken(with_match({ operation: 'other' }), 2), '00');
  assert.strictEqual(taken(with_match({ contains: 'hell', method: 'POST', path: '/x' }), 1), '1');
});

test('the same seed gives the same misbehaviour', () => {
  const run = (seed) => taken(with_match({ probability: 0.5 }, seed), 40);
  assert.strictEqual(run(7), run(7));
  assert.notStrictEqual(run(7), run(8));
});

test('a word that no rule knows is refused', () => {
  const faults = new Faults(random_source(1));
  assert.throws(() => faults.add({ match: { opration: 'x' }, do: { slow_ms: 1 } }), /opration/);
  assert.throws(() => faults.add({ match: {}, do: { sloow: 1 } }), /sloow/);
});

test('HTTP answers are spoiled as told, and the effect is as told', async (t) => {
  const world = await simulate(t);
  const url = `${world.urls.shopify}/${SHOP}/admin/oauth/access_token`;
  const grant = () => call('POST', url, { grant_type: 'client_credentials', client_id: 'sim-client',
    client_secret: 'hush' });
  const grants = async () => (await world.shop_books()).token_grants;
  const once = (what) => world.fault('shopify', { id: '1', match: { operation: 'token', times: 1 }, do: what });

  await once({ status: 429, retry_after: 2 });
  const limited = await grant();
  assert.deepStrictEqual([limited.status, limited.headers.get('retry-after')], [429, '2']);
  await once({ status: 503 });
  const down = await grant();
  assert.deepStrictEqual([down.status, down.headers.get('content-type')], [503, 'text/html']);
  await once({ close: true });
  await assert.rejects(grant());
  assert.strictEqual(await grants(), 0);

  await once({ close: true, after_effect: true });
  await assert.rejects(grant());
  await once({ truncate: true });
  await assert.rejects(grant());
  await once({ html: true, after_effect: true });
  assert.strictEqual((await grant()).body, undefined);
  assert.strictEqual(await grants(), 3);
  assert.strictEqual((await grant()).status, 200);
});

test('fields and headers of an answer, and of each entry of a list, can be others', async (t) => {
  const world = await simulate(t);
  await world.fault('shippo', { match: { operation: 'transaction_list' }, do: { set: { extra: 7 }, headers: { 'x-odd': 'yes' } } });
  const list = () => world.carrier('GET', '/transactions/');
  assert.deepStrictEqual((await list()).body.results, []);
  const shipment = (await world.carrier('POST', '/shipments/', { async: false, address_from: { name: 'A', country: 'US' },
    address_to: { name: 'B', country: 'US' },
    parcels: [{ length: 1, width: 1, height: 1, distance_unit: 'cm', weight: 1, mass_unit: 'g' }] })).body;
  await world.carrier('POST', '/transactions/', { rate: shipment.rates[0].object_id });
  const answer = await list();
  assert.deepStrictEqual([answer.body.results[0].extra, answer.body.results[0].status, answer.headers.get('x-odd')], [7, 'SUCCESS', 'yes']);
});

test('a query can be throttled on request', async (t) => {
  const world = await simulate(t);
  await world.fault('shopify', { match: { operation: 'ShopName', times: 1 }, do: { throttled: true } });
  const token = await world.token();
  const ask = async () => (await world.ask(token, 'query ShopName { shop { name } }')).body;
  assert.strictEqual((await ask()).errors[0].extensions.code, 'THROTTLED');
  assert.strictEqual((await ask()).data.shop.name, 'demo');
});
