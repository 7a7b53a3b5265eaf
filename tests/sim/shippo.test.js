'use strict';

const assert = require('node:assert');
const test = require('node:test');

const { call, simulate } = require('./lib/harness');

const FROM = { name: 'East', street1: '1 Depot Road', city: 'Reno', state: 'NV', zip: '89501', country: 'US' };
const TO = { name: 'Ada', street1: '965 Mission', city: 'San Francisco', state: 'CA', zip: '94103', country: 'US' };
const PARCEL = { length: '10', width: '10', height: '10', distance_unit: 'cm', weight: '400', mass_unit: 'g' };

const shipment = (changes = {}) => ({ address_from: FROM, address_to: TO, parcels: [PARCEL],
  async: false, ...changes });

async function rated(world) {
  return (await world.carrier('POST', '/shipments/', shipment())).body;
}

test('a shipment is rated by weight, cheapest marked', async (t) => {
  const world = await simulate(t);
  const light = await rated(world);
  const heavy = (await world.carrier('POST', '/shipments', shipment({
    parcels: [{ ...PARCEL, weight: '4', mass_unit: 'kg' }] }))).body;
  assert.strictEqual(light.status, 'SUCCESS');
  assert.strictEqual(light.rates.length, 4);
  assert.ok(Number(heavy.rates[0].amount) > Number(light.rates[0].amount));
  assert.strictEqual(light.rates.filter((rate) => rate.attributes.includes('CHEAPEST')).length, 1);
  assert.deepStrictEqual((await world.carrier('GET', `/shipments/${light.object_id}`)).body, light);
});

test('a carrier that is down is named in the messages, the others still offer', async (t) => {
  const world = await simulate(t);
  await world.control('POST', `${world.urls.shippo}/_sim/settings`,
    { down: { UPS: 'UPS API did not respond' } });
  const answer = await rated(world);
  assert.deepStrictEqual(answer.messages, [{ source: 'UPS', code: '', text: 'UPS API did not respond' }]);
  assert.strictEqual(answer.rates.length, 3);
});

test('what a request lacks is a field map; a missing token is a 401', async (t) => {
  const world = await simulate(t);
  const bare = await world.carrier('POST', '/shipments/', { address_from: FROM });
  assert.deepStrictEqual([bare.status, bare.body], [400, {
    address_to: ['This field is required.'], parcels: ['This field is required.'] }]);
  const empty = await world.carrier('POST', '/transactions/', {});
  assert.deepStrictEqual([empty.status, empty.body], [400, { rate: ['This field is required.'] }]);
  const unknown = await world.carrier('POST', '/transactions/', { rate: 'feed' });
  assert.strictEqual(unknown.status, 400);
  const stranger = await call('GET', `${world.urls.shippo}/transactions/`);
  assert.deepStrictEqual([stranger.status, stranger.body],
    [401, { detail: 'Authentication credentials were not provided.' }]);
});

test('customs are refused by field, as the specification requires them', async (t) => {
  const world = await simulate(t);
  const item = { description: 'Mug', quantity: 1, net_weight: '400', mass_unit: 'g', value_amount: '12.50', value_currency: 'USD',
    origin_country: 'PT' };
  const declaration = { certify: true, certify_signer: 'East', contents_type: 'MERCHANDISE', non_delivery_option: 'RETURN', items: [item] };
  const ask = async (changes, of_item = {}) => {
    const { status, body } = await world.carrier('POST', '/shipments/', shipment({ address_to: { ...TO, country: 'CA', state: 'QC' },
      customs_declaration: { ...declaration, items: [{ ...item, ...of_item }], ...changes } }));
    return status === 201 ? status : body.customs_declaration;
  };
  const required = ['This field is required.'];
  assert.strictEqual(await ask({}), 201);
  for (const field of Object.keys(declaration)) assert.deepStrictEqual(await ask({ [field]: undefined }), [{ [field]: required }]);
  for (const field of Object.keys(item)) {
    assert.deepStrictEqual(await ask({}, { [field]: undefined }), [{ items: [{ [field]: required }] }]);
  }
  for (const [field, bad] of Object.entries({ origin_country: 'us', value_currency: '$', value_amount: '12,50', quantity: 0,
    net_weight: '0', mass_unit: 'stone', description: '' })) {
    assert.deepStrictEqual(Object.keys((await ask({}, { [field]: bad }))[0].items[0]), [field]);
  }
  for (const [field, bad] of Object.entries({ certify: false, items: [], contents_type: 'THINGS', eel_pfc: 'none' })) {
    assert.deepStrictEqual(Object.keys((await ask({ [field]: bad }))[0]), [field]);
  }
});

test('no carrier takes goods through customs without a declaration, military post and territories included', async (t) => {
  const world = await simulate(t);
  for (const to of [{ country: 'CA', state: 'QC' }, { state: 'AE' }, { state: 'GU' }]) {
    const { body } = await world.carrier('POST', '/shipments/', shipment({ address_to: { ...TO, ...to } }));
    assert.deepStrictEqual([body.rates.length, body.messages[0].text], [0, 'A customs declaration is required for this shipment.']);
  }
});

test('a purchase is queued, then has a tracking number and a label of real bytes', async (t) => {
  const world = await simulate(t);
  await world.control('POST', `${world.urls.shippo}/_sim/settings`, { settle_ms: 5000 });
  const { rates } = await rated(world);
  const bought = (await world.carrier('POST', '/transactions', { rate: rates[0].object_id,
    metadata: 'oms:1', async: true, label_file_type: 'PDF_4x6' })).body;
  assert.deepStrictEqual([bought.status, bought.label_url], ['QUEUED', '']);
  const again = async () => (await world.carrier('GET', `/transactions/${bought.object_id}`)).body;
  assert.strictEqual((await again()).status, 'QUEUED');
  await world.skip_ms(5000);
  const done = await again();
  assert.strictEqual(done.status, 'SUCCESS');
  assert.match(done.tracking_number, /^92\d{20}$/);
  assert.match((await call('GET', done.label_url)).text, /^%PDF-1\.4\n[^]*%%EOF\n$/);
  assert.strictEqual((await call('GET', done.label_url.split('?')[0])).status, 403);
});

test('buying the same rate twice buys twice, and the books tell', async (t) => {
  const world = await simulate(t);
  const rate = (await rated(world)).rates[0].object_id;
  for (let i = 0; i < 2; i++) {
    await world.carrier('POST', '/transactions/', { rate, metadata: 'oms:1', async: false });
  }
  const books = await world.books('shippo');
  assert.strictEqual(books.bought, 2);
  assert.strictEqual(books.by_metadata['oms:1'].length, 2);
  assert.strictEqual(new Set(books.by_rate[rate].map((one) => one.tracking_number)).size, 2);
});

test('a lost answer leaves a purchase that the list by rate finds', async (t) => {
  const world = await simulate(t);
  const rate = (await rated(world)).rates[0].object_id;
  await world.fault('shippo', { match: { operation: 'transaction_create', times: 1 },
    do: { close: true, after_effect: true } });
  await assert.rejects(world.carrier('POST', '/transactions/', { rate, metadata: 'oms:7' }));
  const found = (await world.carrier('GET', `/transactions/?rate=${rate}&results=100`)).body;
  assert.strictEqual(found.count, 1);
  assert.strictEqual(found.results[0].metadata, 'oms:7');
});

test('a refused purchase is 201 with status ERROR and the reason', async (t) => {
  const world = await simulate(t);
  const rate = (await rated(world)).rates[0].object_id;
  await world.fault('shippo', { match: { operation: 'transaction_create', times: 1 },
    do: { carrier_error: 'Insufficient funds' } });
  const refused = await world.carrier('POST', '/transactions/', { rate, async: false });
  assert.deepStrictEqual([refused.status, refused.body.status], [201, 'ERROR']);
  assert.strictEqual(refused.body.messages[0].text, 'Insufficient funds');

  const nameless = (await world.carrier('POST', '/shipments', shipment({
    address_to: { ...TO, name: '' } }))).body;
  const late = await world.carrier('POST', '/transactions/',
    { rate: nameless.rates[0].object_id, async: false });
  assert.strictEqual(late.body.messages[0].text, 'The data you sent was not accepted as valid');
  assert.strictEqual((await world.books('shippo')).bought, 0);
});

test('lists page, and may have no results when told', async (t) => {
  const world = await simulate(t);
  const rate = (await rated(world)).rates[0].object_id;
  for (let i = 0; i < 3; i++) await world.carrier('POST', '/transactions/', { rate, async: false });
  const first = (await world.carrier('GET', `/transactions?rate=${rate}&results=2`)).body;
  assert.deepStrictEqual([first.count, first.results.length, first.previous], [3, 2, null]);
  const path = first.next.slice(world.urls.shippo.length);
  assert.strictEqual((await world.carrier('GET', path)).body.results.length, 1);
  await world.fault('shippo', { match: { operation: 'transaction_list' }, do: { results_null: true } });
  assert.strictEqual((await world.carrier('GET', `/transactions?rate=${rate}`)).body.results, null);
});

test('a refund turns the purchase', async (t) => {
  const world = await simulate(t);
  const rate = (await rated(world)).rates[0].object_id;
  const { object_id: id } = (await world.carrier('POST', '/transactions/', { rate, async: false })).body;
  const refund = await world.carrier('POST', '/refunds/', { transaction: id, async: false });
  assert.deepStrictEqual([refund.status, refund.body.status], [201, 'PENDING']);
  assert.strictEqual((await world.carrier('GET', `/transactions/${id}`)).body.status, 'REFUNDPENDING');
});
