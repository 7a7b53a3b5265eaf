'use strict';

/*
 * Facts: what a store says of an order is kept whenever it comes, shown to whoever needs it, and nowhere else.
 */

const test = require('node:test');
const assert = require('assert');
const fs = require('fs');
const path = require('path');
const { World, order_body, until, TOP } = require('../lib');

let world;

test.before(async () => {
  world = await World.open('facts', { auto_ship: false, conf: { clock: { reconcile_s: 3000 } } });
  await world.start();
});

test.after(() => world.close());

const waybill = (...args) => world.house.waybill(...args);
const later = (body, seconds) => new Date(Date.parse(body.updated_at) + seconds * 1000).toISOString();
const lines_of = (name) => world.db.rows(`SELECT order_line.* FROM order_line JOIN orders ON orders.id = order_id
  WHERE orders.name = '${name}' ORDER BY order_line.id`);

const SECRET = 'Für Mia, in Liebe';
const FULL = {
  tags: ['wholesale', 'vip'], note: `note: ${SECRET}`, tax: '1.20', duties: '0.50', shipping: { title: 'Standard', price: '5' },
  note_attributes: [{ name: 'Gift message', value: `gift: ${SECRET}` }, { name: '_app', value: 'x' }],
  lines: [{ sku: 'A', quantity: 2, discount: '1.00', tax: '0.70',
    properties: [{ name: 'Engraving', value: `engraved: ${SECRET}` }, { name: '_bundle', value: '9' }] }, { sku: 'B' }],
};

/* ---- kept and shown ---- */

test('what people wrote beside the fields is shown to people, and to whoever packs it', async () => {
  await world.order('#full', FULL);
  const [shipment] = await world.until_shipments('#full', 1, 'released');
  const order = await waybill('order', 'show', '#full');
  assert.deepStrictEqual([order.note, order.gift_message, order.shipping, order.tax, order.discount, order.duties],
    [`note: ${SECRET}`, `gift: ${SECRET}`, '5.00', '1.20', '1.00', '0.50']);
  assert.deepStrictEqual(order.tags, ['vip', 'wholesale']);
  assert.deepStrictEqual(order.attributes, [{ name: 'Gift message', value: `gift: ${SECRET}` }, { name: '_app', value: 'x' }]);
  assert.deepStrictEqual(order.properties.map((one) => [one.name, one.value]),
    [['Engraving', `engraved: ${SECRET}`], ['_bundle', '9']]);
  assert.deepStrictEqual(order.lines.map((one) => [one.discount, one.tax]), [['1.00', '0.70'], ['0.00', '0.00']]);
  assert.strictEqual(order.left_out, null);
  const packed = await waybill('shipment', 'show', String(shipment.id));
  assert.deepStrictEqual([packed.note, packed.gift_message], [`note: ${SECRET}`, `gift: ${SECRET}`]);
  assert.deepStrictEqual(packed.properties.map(({ sku, name, value }) => [sku, name, value]), [['A', 'Engraving', `engraved: ${SECRET}`]]);
  assert.deepStrictEqual(packed.attributes.map((one) => one.name), ['Gift message']);
});

test('a property that changes is newer content, by webhook and by fetch', async () => {
  await world.act('#full', 'update', { lines: [{ sku: 'A', properties: [{ name: 'Engraving', value: 'two' }] }] });
  await until('the webhook', async () => /"two"/.test(JSON.stringify((await lines_of('#full'))[0].details)));
  await world.act('#full', 'update', { lines: [{ sku: 'A', properties: [{ name: 'Engraving', value: 'three' }] }], webhooks: 'drop' });
  await world.send('refunds/create', { id: 1, order_id: Number((await world.find('#full')).source_id) });
  await until('the fetch', async () => /"three"/.test(JSON.stringify((await lines_of('#full'))[0].details)));
});

test('more than the limits is kept in part, and said so; the order is not lost for it', async () => {
  const many = Array.from({ length: 150 }, (_, i) => ({ name: `p${i}`, value: 'x' }));
  const body = order_body({ name: '#much', tags: Array.from({ length: 300 }, (_, i) => `t${i}`).join(', '),
    note_attributes: [...many, null, 7, { name: {}, value: [1, { a: 'ü' }] }],
    lines: [{ properties: many.map((one) => ({ ...one, value: 'é'.repeat(3000) })) }, { properties: { odd: 'shape' } }, { properties: null }] });
  await world.send('orders/create', body);
  await world.until_state('#much', 'awaiting_fulfillment');
  const order = await waybill('order', 'show', '#much');
  assert.deepStrictEqual([order.attributes.length, order.tags.length, order.properties.length], [100, 250, 8]);
  assert.strictEqual(order.properties[0].value, 'é'.repeat(1000));
  assert.ok(order.left_out >= 50 + 50 + 142, String(order.left_out));
});

test('money is shown in the unit of its currency', async () => {
  await world.send('orders/create', order_body({ name: '#yen', currency: 'JPY', presentment_currency: 'JPY', total_price: '14319',
    current_total_price: '14319', total_outstanding: '0', lines: [{ price: '14319' }] }));
  await world.send('orders/create', order_body({ name: '#dinar', currency: 'KWD', presentment_currency: 'KWD', total_price: '1.5',
    current_total_price: '1.5', total_outstanding: '0', lines: [{ price: '1.5' }] }));
  await until('both', async () => await world.find('#yen') && world.find('#dinar'));
  const yen = await waybill('order', 'show', '#yen');
  assert.deepStrictEqual([yen.total, yen.paid, yen.outstanding, yen.lines[0].price], ['14319', '14319', '0', '14319']);
  assert.deepStrictEqual((await waybill('order', 'show', '#dinar')).total, '1.500');
});

test('the database writes every currency as the programs do', async () => {
  const source = fs.readFileSync(path.join(TOP, 'core/domain/money.c'), 'utf8');
  const unusual = [...source.matchAll(/\{"((?:[A-Z]{3} ?)+)", (\d)\}/g)];
  assert.strictEqual(unusual.length, 3);
  const places = [...unusual.flatMap(([, codes, decimals]) => codes.split(' ').map((code) => [code, Number(decimals)])), ['USD', 2], ['EUR', 2]];
  for (const [code, decimals] of places) {
    assert.deepStrictEqual(await world.db.row(`SELECT money_text(125000, '${code}') AS a, money_text(-1, '${code}') AS b, money_text(70000, '${code}') AS c`),
      { a: decimals < 1 ? '12.5' : (12.5).toFixed(decimals), b: '-0.0001', c: (7).toFixed(decimals) }, code);
  }
});

test('a line without a SKU is held by its title', async () => {
  await world.order('#engraving', { lines: [{ sku: '', title: 'Engraving' }] });
  assert.match((await world.until_held('#engraving', 'unknown_sku')).reason, /the line "Engraving" has no SKU/);
});

/* ---- that come later ---- */

test('every fact of an order, its lines and groups that an update may bring is taken', async () => {
  const body = order_body({ name: '#1', customer_locale: null, lines: [{ sku: 'NOT-YET' }] });
  await world.send('orders/create', body);
  await world.until_held('#1', 'unknown_sku');
  const line = { ...body.line_items[0], sku: 'A', title: 'Cup', variant_title: 'Blue', price: '11.00', grams: 300, variant_id: 7,
    tax_lines: [{ title: 'VAT', price: '1.10', rate: 0.1 }], discount_allocations: [{ amount: '2.00' }], properties: [{ name: 'a', value: 'b' }] };
  await world.send('orders/updated', { ...body, updated_at: later(body, 60), name: '#2', customer_locale: 'de', phone: '+45', note: 'n', total_tax: '1.10',
    total_discounts: '2.00', total_shipping_price_set: { shop_money: { amount: '5.00' } }, tags: 'x', line_items: [line],
    processed_at: '2026-11-01T00:00:00Z', shipping_lines: [{ title: 'Express', code: 'x', is_removed: false }] });
  const order = await until('the update', () => world.find('#2'));
  assert.deepStrictEqual([order.locale, order.phone, order.note, order.tax, order.discount, order.shipping, order.details.tags],
    ['de', '+45', 'n', 11000, 20000, 50000, ['x']]);
  assert.strictEqual(new Date(order.placed_at).toISOString(), '2026-11-01T00:00:00.000Z');
  const [now] = await lines_of('#2');
  assert.deepStrictEqual([now.sku, now.title, now.variant_title, now.unit_price, now.grams, now.variant_id, now.tax, now.discount],
    ['A', 'Cup', 'Blue', 90000, 300, '7', 11000, 20000]);
  await waybill('order', 'release', '#2'); /* and what was wrong with the SKU is right now */
  await until('a shipment', async () => (await world.shipments('#2')).length === 1);
});

test('only the language that comes later is a newer fact, too', async () => {
  const body = order_body({ name: '#locale', customer_locale: null });
  await world.send('orders/create', body);
  await until('the order', () => world.find('#locale'));
  await world.send('orders/updated', { ...body, updated_at: later(body, 60), customer_locale: 'de' });
  await until('the language', async () => (await world.find('#locale')).locale === 'de');
});

test('what a planned line is of stays as it was planned; the rest follows', async () => {
  const body = order_body({ name: '#planned', lines: [{ sku: 'A' }] });
  await world.send('orders/create', body);
  await until('a shipment', async () => (await world.shipments('#planned')).length === 1);
  await world.send('orders/updated', { ...body, updated_at: later(body, 60),
    line_items: [{ ...body.line_items[0], sku: 'B', title: 'Other', requires_shipping: false }] });
  await until('the title', async () => (await lines_of('#planned'))[0].title === 'Other');
  const [line] = await lines_of('#planned');
  assert.deepStrictEqual([line.sku, line.needs_shipping], ['A', true]);
});

/* ---- over the counter, and picked up ---- */

const TILL = { shipping_address: null, shipping_lines: [], source_name: 'pos', email: null };
const sold = (given = {}) => ({ fulfillable_quantity: 0, fulfillment_status: 'fulfilled', ...given });

test('a sale over the counter is fulfilled without a hold, and stays so after an exchange and a refund', async () => {
  const body = order_body({ ...TILL, name: '#till', lines: [sold()] });
  await world.send('orders/create', body);
  await world.until_state('#till', 'fulfilled');
  const [line] = body.line_items;
  const exchanged = { ...body, updated_at: later(body, 60), financial_status: 'partially_refunded',
    line_items: [{ ...line, current_quantity: 0 }, { ...line, ...sold(), id: line.id + 1000000, sku: 'B' }] };
  await world.ingests(1, () => world.send('orders/updated', exchanged));
  await world.ingests(1, () => world.send('orders/updated', { ...exchanged, updated_at: later(body, 120), note: 'again' }));
  await world.until_state('#till', 'fulfilled');
  await world.send('orders/updated', { ...exchanged, updated_at: later(body, 180), financial_status: 'refunded' });
  await world.until_state('#till', 'refunded');
  assert.deepStrictEqual((await world.events('#till')).filter((event) => /hold|held/.test(event.kind)), []);
  assert.deepStrictEqual(await world.shipments('#till'), []);
});

test('a sale that is seen before it is handed over is held for its address once, and freed by the next update', async () => {
  const body = order_body({ ...TILL, name: '#soon', lines: [{ fulfillable_quantity: 1 }] });
  await world.send('orders/create', body);
  await world.until_held('#soon', 'no_address');
  await world.ingests(1, () => world.send('orders/updated', { ...body, updated_at: later(body, 60), note: 'still here' }));
  assert.strictEqual((await world.events('#soon', 'held')).length, 1);
  await world.send('orders/updated', { ...body, updated_at: later(body, 120), line_items: [{ ...body.line_items[0], ...sold() }] });
  await world.until_state('#soon', 'fulfilled');
  assert.deepStrictEqual(await world.holds('#soon'), []);
  assert.strictEqual(await world.db.value('SELECT coalesce(sum(allocated), 0) FROM line_part JOIN orders ON orders.id = order_id WHERE name = \'#soon\''), 0);
});

test('a pick-up without an address waits at the counter, and is over once the store says it was handed out', async () => {
  await world.order('#collect', { delivery: 'PICK_UP', shipping_address: null, shipping: { title: 'Shop in Main Street', price: '0' } });
  assert.match((await world.until_held('#collect', 'pickup')).reason, /picks this up/);
  await world.ingests(1, () => world.act('#collect', 'update', { note: 'on my way' }));
  assert.strictEqual((await world.events('#collect', 'held')).length, 1);
  const body = order_body({ name: '#handed', shipping_address: null, billing_address: { name: 'Ada' }, lines: [{ fulfillable_quantity: 1 }] });
  await world.send('orders/create', body);
  await world.until_held('#handed', 'pickup');
  await world.send('orders/updated', { ...body, updated_at: later(body, 60), line_items: [{ ...body.line_items[0], ...sold() }] });
  await world.until_state('#handed', 'fulfilled');
  assert.deepStrictEqual(await world.holds('#handed'), []);
});

test('a pick-up that only its fulfillment order shows is held as such, not as a quarrel with the store', async () => {
  await world.order('#collect-addressed', { delivery: 'PICK_UP' });
  const hold = await world.until_held('#collect-addressed', 'pickup');
  assert.ok(hold.shipment_id);
});

test('a draft with a method somebody typed, and no address, is no pick-up', async () => {
  await world.send('orders/create', order_body({ name: '#draft', shipping_address: null,
    shipping_lines: [{ title: 'Tran fee', code: 'custom', is_removed: false }] }));
  await world.until_held('#draft', 'no_address');
});

/* ---- nowhere else ---- */

test('what people wrote is in no log, event, picture, hold or other table', async () => {
  for (const program of [world.worker, world.gateway, world.clock]) assert.ok(!program.log.includes(SECRET));
  const columns = await world.owner.rows(`SELECT table_name AS relation, column_name AS part FROM information_schema.columns
    WHERE table_schema = 'public' AND data_type IN ('text', 'jsonb', 'json')`);
  const found = [];
  for (const { relation, part } of columns) {
    const rows = await world.owner.value(`SELECT count(*) FROM "${relation}" WHERE "${part}"::text LIKE '%${SECRET}%'`);
    if (rows > 0) found.push(`${relation}.${part}`);
  }
  assert.deepStrictEqual(found.sort(), ['orders.details', 'orders.note']);
});

test('it is erased with the rest', async () => {
  await world.order('#erased', { ...FULL, financial_status: 'pending' });
  const order = await until('the order', () => world.find('#erased'));
  const request = await world.owner.value(`INSERT INTO store_request (store_id, kind, orders, body_hash)
    VALUES (${world.store_id}, 'customer_redact', '{${order.source_id}}', sha256('')) RETURNING id`);
  await world.db.run(fs.readFileSync(path.join(TOP, 'core/sql/privacy_erase.sql'), 'utf8')
    .replace(/\$1::bigint/g, request).replace(/\$2::boolean/g, 'true'));
  const after = await world.find('#erased');
  assert.deepStrictEqual([after.details, after.note], [null, null]);
  assert.deepStrictEqual((await lines_of('#erased')).map((line) => line.details), [null, null]);
});
