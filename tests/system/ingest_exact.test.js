'use strict';

/*
 * What is written down is what the store said, to the last digit and letter.
 */

const test = require('node:test');
const assert = require('assert');
const { World, order_body, until } = require('../lib');

let world;

test.before(async () => {
  world = await World.open('ingest_exact', { conf: { clock: { reconcile_s: 3000 } } });
  await world.start(['ingest', 'route', 'renew', 'dead', 'notify', 'rate', 'label', 'fulfill']);
});

test.after(() => world.close());

const money = (shop, presentment) => ({
  shop_money: { amount: shop, currency_code: 'USD' },
  presentment_money: { amount: presentment, currency_code: 'JPY' },
});

const received = (name) => until(`${name} to be there`, () => world.find(name));
const lines_of = (order) => world.db.rows(`SELECT * FROM order_line WHERE order_id = ${order.id} ORDER BY id`);

test('money is exact in both currencies, to the ten-thousandth', async () => {
  await world.send('orders/create', order_body({ name: '#jpy', currency: 'USD', presentment_currency: 'JPY',
    total_price: '79.90', total_price_set: money('79.90', '11986'),
    current_total_price: '79.90', current_total_price_set: money('79.90', '11986'),
    total_outstanding: '0.1', total_outstanding_set: money('0.1001', '15'), financial_status: 'partially_paid',
    lines: [{ quantity: 1, price: '10.00', price_set: money('10.0001', '1500'), discount_allocations: [] }] }));
  const order = await received('#jpy');
  assert.deepStrictEqual([order.currency, order.total, order.outstanding], ['USD', 799000, 1001]);
  assert.deepStrictEqual([order.presentment_currency, order.presentment_total, order.presentment_outstanding],
    ['JPY', 119860000, 150000]);
  const [line] = await lines_of(order);
  assert.deepStrictEqual([line.unit_price, line.unit_price_presentment], [100001, 15000000]);
});

test('what all units of a line cost is kept beside the rounded price of one, and follows the store', async () => {
  const body = (discount, total_price, updated_at) => order_body({ id: 77000001, name: '#thirds', updated_at, total_price,
    lines: [{ id: 77000002, quantity: 3, price: '12.50', discount_allocations: [{ amount: discount }] }] });
  const total = async () => (await lines_of(await received('#thirds')))[0];
  await world.send('orders/create', body('0.10', '37.40', '2026-11-23T10:00:00Z'));
  const line = await total();
  assert.deepStrictEqual([line.list_price, line.unit_price, line.total], [125000, 124667, 374000]);
  await world.send('orders/updated', body('1.00', '36.50', '2026-11-23T11:00:00Z'));
  await until('the discount to be taken', async () => (await total()).total === 365000);
});

test('what was paid never falls because something came back', async () => {
  const body = (current_total_price, refunds, updated_at) => order_body({ id: 77000011, name: '#back', updated_at, total_price: '40.00',
    current_total_price, financial_status: refunds.length ? 'partially_refunded' : 'paid', refunds, note: updated_at,
    lines: [{ id: 77000012, quantity: 4, price: '10.00' }] });
  const paid = async () => { const { paid: amount, refunded } = await received('#back'); return [amount, refunded]; };
  await world.send('orders/create', body('40.00', [], '2026-11-23T10:00:00Z'));
  assert.deepStrictEqual(await paid(), [400000, 0]);
  await world.send('orders/updated', body('30.00', [], '2026-11-23T11:00:00Z')); /* goods came back, money did not go yet */
  await until('the return to be taken', async () => (await received('#back')).note === '2026-11-23T11:00:00Z');
  assert.deepStrictEqual(await paid(), [400000, 0]);
  await world.send('orders/updated', body('30.00', [{ id: 1, transactions: [{ kind: 'refund', status: 'success', amount: '10.00' }] }],
    '2026-11-23T12:00:00Z'));
  await until('the refund to be taken', async () => (await received('#back')).note === '2026-11-23T12:00:00Z');
  assert.deepStrictEqual(await paid(), [400000, 100000]);
});

test('the same order from a webhook and from a fetch has the same amounts', async () => {
  await world.order('#rate', { presentment_currency: 'JPY', presentment_rate: 149.53,
    lines: [{ sku: 'A', quantity: 3, price: '12.34', discount: '0.01' }] });
  await world.webhooks_idle();
  const sent = await received('#rate');
  await world.act('#rate', 'update', { note: 'fetch me', webhooks: 'drop' });
  await world.send('refunds/create', { id: 1, order_id: Number(sent.source_id) });
  await until('the fetch', async () => (await world.find('#rate')).note === 'fetch me');
  const fetched = await world.find('#rate');
  for (const key of ['total', 'paid', 'refunded', 'outstanding', 'presentment_total', 'presentment_outstanding']) {
    assert.strictEqual(fetched[key], sent[key], key);
  }
  assert.strictEqual(sent.total, 420100); /* three at 12.34, less 0.01, and 5.00 to ship */
});

test('amounts of a currency without decimals', async () => {
  await world.send('orders/create', order_body({ name: '#yen', currency: 'JPY', presentment_currency: 'JPY',
    total_price: '123456789012', current_total_price: '123456789012' }));
  const order = await received('#yen');
  assert.strictEqual(String(order.total), '1234567890120000');
  assert.strictEqual(String(order.paid), '1234567890120000');
});

test('an order of 60 lines keeps every one of them and ships as one', async () => {
  const lines = Array.from({ length: 60 },
    (_, i) => ({ sku: i % 2 ? 'A' : 'B', quantity: 1 + (i % 3), title: `Line ${i}` }));
  await world.order('#sixty', { lines });
  await world.until_state('#sixty', 'fulfilled');
  const order = await world.find('#sixty');
  assert.deepStrictEqual((await lines_of(order)).map((line) => [line.sku, line.ordered, line.title]),
    lines.map((line) => [line.sku, line.quantity, line.title]));
  assert.strictEqual((await world.shipments('#sixty')).length, 1);
});

test('a customer without e-mail gets parcels and no mail', async () => {
  await world.order('#no-mail', { email: null, customer: null });
  await world.until_state('#no-mail', 'fulfilled');
  assert.strictEqual((await world.find('#no-mail')).email, null);
  await until('the notice', () => world.db.value(`SELECT outcome = 'no_address' FROM notice
    JOIN orders ON orders.id = order_id WHERE name = '#no-mail'`));
});

const TEXTS = {
  emoji: '🚪👩‍👩‍👧‍👦 Ünïcödé',
  'right to left': 'شارع الملك \u202e12\u202c',
  'zero width': 'a\u200bb\ufeffc',
  'a replaced character': 'x \ufffd y',
};

test('characters that are none lose no order: they are blanks, or what stands for half a pair', async () => {
  const bad = 'gift\\u0000wrap\\u0085\\ud83d';
  const body = order_body({ name: '#no-character', note: '@', phone: '@', lines: [{ title: '@', sku: '@', properties: [{ name: '@', value: '@' }] }] });
  Object.assign(body.shipping_address, { name: '@', address1: '@', zip: '@' });
  await world.send('orders/create', JSON.stringify(body).replaceAll('"@"', `"${bad}"`));
  const order = await received('#no-character');
  const [line] = await lines_of(order);
  const group = await world.db.row(`SELECT name, address1, zip FROM delivery_group WHERE order_id = ${order.id}`);
  for (const text of [order.note, order.phone, line.title, line.sku, group.name, group.address1, group.zip]) {
    assert.strictEqual(text, 'gift wrap \ufffd');
  }
});

for (const [what, text] of Object.entries(TEXTS)) {
  test(`text stays as it was written: ${what}`, async () => {
    const name = `#text-${what.replace(/ /g, '-')}`;
    const body = order_body({ name, note: text, lines: [{ title: text }] });
    body.shipping_address.name = text;
    body.shipping_address.city = text;
    await world.send('orders/create', body);
    const order = await received(name);
    assert.strictEqual(order.note, text);
    assert.strictEqual((await lines_of(order))[0].title, text);
    const group = await world.db.row(`SELECT name, city FROM delivery_group WHERE order_id = ${order.id}`);
    assert.deepStrictEqual(group, { name: text, city: text });
  });
}
