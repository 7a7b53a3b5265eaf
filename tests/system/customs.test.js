'use strict';

/*
 * What customs are told: what was paid for the goods and what they weigh, to the last cent and gram, however a line is made up
 * and wherever its pieces go. What cannot be declared is held before the carrier is asked.
 */

const test = require('node:test');
const assert = require('assert');
const { Fleet, request } = require('../lib');

const QUEBEC = { first_name: 'Nora', last_name: 'Field', company: null, address1: '12 rue du Port', address2: null, city: 'Québec',
  province: 'Quebec', province_code: 'QC', zip: 'G1R 3X3', country: 'Canada', country_code: 'CA', phone: null };
const ARMY = { ...QUEBEC, address1: 'PSC 802 Box 74', city: 'APO', province: 'Armed Forces Europe', province_code: 'AE', zip: '09499',
  country: 'United States', country_code: 'US' };
const DIGITS = { USD: 2, JPY: 0, KWD: 3 };

let fleet;
const shops = {};

test.before(async () => {
  fleet = await Fleet.open('customs', { auto_ship: false, items: {} });
  await item('MUG', { grams: 100 });
  await item('TEE', { grams: 200 });
  await item('DARK', { grams: null });
  await item('GLOOM', { grams: null });
  await item('FAR', { stock: { W: 500 } });
  await item('NOWHERE', { origin_country: null });
  await fleet.start();
  shops.USD = { store: fleet.store_id, domain: fleet.shop };
  for (const currency of ['JPY', 'KWD']) {
    const domain = `${currency.toLowerCase()}.myshopify.com`;
    shops[currency] = { domain, store: await fleet.add_store(domain, { shop: { currency } }) };
  }
  await fleet.soon('the tokens', () => fleet.db.value('SELECT count(*) = 0 FROM credential WHERE sealed IS NULL'));
});

test.after(() => fleet.close());

function item(sku, columns) {
  return fleet.add_item(sku, { origin_country: 'PT', stock: { E: 5000 }, ...columns });
}

let kits = 0;

/* A kit of so many of each at a shop; returns its SKU. */
async function kit(parts, { store } = shops.USD) {
  const sku = `KIT-${kits += 1}`;
  const { domain } = await fleet.db.row(`SELECT domain FROM store WHERE id = ${store}`);
  await fleet.house.waybill('item', 'map', '--store', domain, '--sku', sku, ...Object.entries(parts).map(([part, n]) => `${part}=${n}`));
  return sku;
}

let names = 0;

async function order(lines, address = QUEBEC, { domain } = shops.USD) {
  const name = `#${names += 1}`;
  await fleet.house.control('shopify', `shops/${domain}/orders`, 'POST', { name, lines, shipping_address: address });
  return name;
}

/* What the carrier was told of each shipment of an order: {customs items, grams of the parcel}. */
async function told(name, count = 1) {
  const ids = await fleet.soon(`${name} to be rated`, async () => {
    const found = await fleet.db.rows(`SELECT p.carrier_shipment_id AS id FROM parcel AS p JOIN shipment AS s ON s.id = p.shipment_id
      JOIN orders AS o ON o.id = s.order_id WHERE o.name = '${name}' AND p.carrier_shipment_id IS NOT NULL ORDER BY s.id`);
    if (found.length !== count) throw new Error(JSON.stringify(await fleet.holds(name)));
    return found.map((one) => one.id);
  });
  return Promise.all(ids.map(async (id) => {
    const answer = await request(`${fleet.house.sim.shippo}/shipments/${id}`, { headers: { Authorization: 'ShippoToken shippo_test_1' } });
    const { customs_declaration: declared, parcels } = JSON.parse(answer.body);
    return { items: declared ? declared.items : null, grams: Number(parcels[0].weight) };
  }));
}

const row = (one) => [one.sku_code, one.quantity, one.value_amount, one.net_weight];
const sum = (all) => all.reduce((total, one) => total + one, 0);

test('a kit is declared by its parts, which share what was paid for it', async () => {
  const box = await kit({ MUG: 1, TEE: 2 });
  const [one] = await told(await order([{ sku: box, price: '55.00', grams: 500 }]));
  assert.deepStrictEqual(one.items.map(row), [['MUG', 1, '18.33', '100'], ['TEE', 2, '36.67', '400']]);
  assert.strictEqual(one.grams, 600);
});

test('a discount comes off what is declared, in whole cents', async () => {
  const [one] = await told(await order([{ sku: 'MUG', price: '12.50', quantity: 3, discount: '0.10' }]));
  assert.deepStrictEqual(one.items.map(row), [['MUG', 3, '37.40', '300']]);
});

test('what was given away is declared at its price before discounts; what never had one is held', async () => {
  const [one] = await told(await order([{ sku: 'MUG', price: '12.50', quantity: 2, discount: '25.00' }]));
  assert.deepStrictEqual(one.items.map(row), [['MUG', 2, '25.00', '200']]);
  const free = await order([{ sku: 'TEE', price: '0' }]);
  assert.match((await fleet.held(free, 'customs')).reason, /item TEE has no price to declare/);
});

test('weights the store knows only for the whole are shared among those items whose own nobody knows', async () => {
  const dark = await kit({ MUG: 1, DARK: 2, GLOOM: 1 });
  const [one] = await told(await order([{ sku: dark, price: '40.00', quantity: 2, grams: 500 }]));
  assert.deepStrictEqual(one.items.map((each) => [each.sku_code, each.net_weight]), [['MUG', '200'], ['DARK', '532'], ['GLOOM', '268']]);
  assert.strictEqual(one.grams, 1100);
  const unknown = await order([{ sku: dark, price: '40.00', grams: 100 }]);
  assert.match((await fleet.held(unknown, 'weight')).reason, /item (DARK|GLOOM) has no weight.*`waybill item set --sku/);
});

test('what lacks a country of origin is held before the carrier is asked, with item and remedy', async () => {
  const before = await fleet.requests('shippo', 'shipment_create');
  const name = await order([{ sku: 'NOWHERE', price: '10.00' }]);
  const { reason } = await fleet.held(name, 'customs');
  assert.match(reason, /item NOWHERE has no country of origin; `waybill item set --sku NOWHERE --origin-country XX`/);
  assert.strictEqual(await fleet.requests('shippo', 'shipment_create'), before);
  await fleet.house.waybill('item', 'set', '--sku', 'NOWHERE', '--origin-country', 'PT');
  await fleet.clear_holds(name);
  assert.strictEqual((await told(name))[0].items[0].origin_country, 'PT');
});

test('military post is declared, another state of the country is not', async () => {
  const [abroad] = await told(await order([{ sku: 'MUG', price: '10.00' }], ARMY));
  assert.deepStrictEqual(abroad.items.map(row), [['MUG', 1, '10.00', '100']]);
  const [home] = await told(await order([{ sku: 'MUG', price: '10.00' }], {}));
  assert.strictEqual(home.items, null);
});

/* ---- whatever comes: the declared values are what was paid, the weights those of the goods ---- */

let seed = 20261128;
const any = (least, most) => {
  seed = (Math.imul(seed, 1103515245) + 12345) & 0x7fffffff;
  return least + (seed >> 8) % (most - least + 1);
};

async function any_line(shop) {
  const skus = ['MUG', 'TEE', 'FAR'].filter(() => any(0, 2));
  const parts = Object.fromEntries((skus.length ? skus : ['TEE']).map((sku) => [sku, any(1, 4)]));
  const quantity = any(1, 5);
  const price = any(1, 20000) * (DIGITS[shop] === 0 ? 100 : 1);
  const text = (minor) => (minor / 10 ** DIGITS[shop]).toFixed(DIGITS[shop]);
  const off = any(0, 2) ? any(0, price * quantity - 1) : 0;
  const grams = Object.entries(parts).map(([sku, n]) => n * quantity * (sku === 'MUG' ? 100 : 200));
  return { given: { sku: await kit(parts, shops[shop]), price: text(price), quantity, discount: text(off) }, skus: Object.keys(parts),
    paid: price * quantity - off, grams: sum(grams) };
}

for (const currency of Object.keys(DIGITS)) {
  test(`random kits and discounts: what is declared in ${currency} is what was paid, and weighs what it weighs`, async () => {
    for (let round = 0; round < 4; round += 1) {
      const lines = [];
      for (let n = any(1, 3); n > 0; n -= 1) lines.push(await any_line(currency));
      const is_split = lines.some((line) => line.skus.includes('FAR')) && lines.some((line) => line.skus.some((sku) => sku !== 'FAR'));
      const shipments = await told(await order(lines.map((line) => line.given), QUEBEC, shops[currency]), is_split ? 2 : 1);
      const items = shipments.flatMap((one) => one.items);
      const scale = 10 ** DIGITS[currency];
      assert.ok(items.every((one) => new RegExp(DIGITS[currency] ? `^\\d+\\.\\d{${DIGITS[currency]}}$` : '^\\d+$').test(one.value_amount)),
        JSON.stringify(items));
      assert.strictEqual(sum(items.map((one) => Math.round(Number(one.value_amount) * scale))), sum(lines.map((line) => line.paid)));
      assert.strictEqual(sum(items.map((one) => Number(one.net_weight))), sum(lines.map((line) => line.grams)));
      for (const one of shipments) assert.strictEqual(one.grams, 100 + sum(one.items.map((each) => Number(each.net_weight))));
    }
  });
}
