'use strict';

/*
 * Fields of an order's body that are not what they should be: the reason names the field. Text that would be more
 * than text stays text, from the webhook to the mail and the label.
 */

const test = require('node:test');
const assert = require('assert');
const { World, order_body, until } = require('../lib');

let world;

test.before(async () => {
  world = await World.open('bad_input_fields', { conf: { clock: { reconcile_s: 3000 } } });
  await world.start();
});

test.after(() => world.close());

const last_letter = () => world.db.value('SELECT coalesce(max(id), 0) FROM dead_letter');

/* Why a body is refused. */
async function reason(body) {
  const before = await last_letter();
  assert.strictEqual((await world.send('orders/create', body)).status, 200);
  return until('a dead letter', () => world.db.value(`SELECT error FROM dead_letter
    WHERE role = 'ingest' AND id > ${before}`));
}

/* A body with one field replaced: a path like "line_items.0.sku". */
function spoiled(field, value) {
  const body = order_body({ name: '#spoiled' });
  const keys = field.split('.');
  const last = keys.pop();
  keys.reduce((at, key) => at[key], body)[last] = value;
  return body;
}

const LONG = 'x'.repeat(400);

/* field: values that it may not have. */
const WRONG = {
  id: ['abc', '', -5, 1.5, true, [], {}, null, LONG],
  name: [5, true, [], {}, LONG],
  updated_at: ['yesterday', '2026-13-01T00:00:00Z', 5, {}],
  created_at: ['2026-11-20', true],
  cancelled_at: ['soon', 1],
  financial_status: [7, []],
  test: ['yes', 1],
  currency: [5, [], true],
  presentment_currency: [5, {}],
  total_price: ['ten', '', '-1.00', '1e400', '9'.repeat(30), [], {}],
  total_outstanding: ['none', {}],
  email: [7, {}, `${LONG}@example.com`],
  phone: [5, '1'.repeat(100)],
  customer_locale: [5, LONG],
  note: [5, {}],
  shipping_address: ['here', [], 5],
  'shipping_address.name': [5, {}],
  'shipping_address.address1': [5, LONG],
  'shipping_address.city': [{}, LONG],
  'shipping_address.zip': [94103, LONG],
  'shipping_address.country_code': ['USA', 'us', 1],
  shipping_lines: ['Standard', {}],
  'shipping_lines.0.title': [5, {}],
  refunds: ['none', {}],
  line_items: ['none', {}, 5, []],
  'line_items.0.id': ['x', -1, null, []],
  'line_items.0.quantity': ['two', 1.5, -1, 1000001, 1e12, null, {}],
  'line_items.0.current_quantity': [2, -1, 'one', null],
  'line_items.0.requires_shipping': ['yes', 1, null],
  'line_items.0.gift_card': [0, 'no'],
  'line_items.0.grams': [-1, 'heavy', 1.5, 1e15],
  'line_items.0.price': ['free', '1,50', '1e99', {}],
  'line_items.0.sku': [5, {}, LONG],
  'line_items.0.title': [5, []],
  'line_items.0.discount_allocations': [5, 'ten'],
};

/* Where ours is another word than the store's. */
const WORDS = {
  id: 'id', total_price: 'total', created_at: 'created_at|placed_at', line_items: 'line_items|lines',
  total_outstanding: 'outstanding', customer_locale: 'locale', 'line_items.0.price': 'price',
};

for (const [field, values] of Object.entries(WRONG)) {
  const shown = values.map((value) => JSON.stringify(value).slice(0, 20)).join(', ');
  test(`refused with its name: ${field} as ${shown}`, async () => {
    const word = new RegExp(WORDS[field] || field.split('.').pop());
    for (const value of values) assert.match(await reason(spoiled(field, value)), word, JSON.stringify(value));
  });
}

const ASKED = {
  currency: ['EURO', 'eu', '€', null], presentment_currency: ['us dollar'], updated_at: [null],
  line_items: [[5], [[]], null], total_price: [null], refunds: [undefined], 'line_items.0.sku': [undefined],
  'line_items.0.price': [undefined],
};

test('what a body lacks or nobody understands is asked for at the store', async () => {
  let n = 0;
  for (const [field, values] of Object.entries(ASKED)) {
    for (const value of values) {
      n += 1;
      const { id } = await world.order(`#asked${n}`, { financial_status: 'pending', webhooks: 'drop' });
      await world.send('orders/create', { ...spoiled(field, value), id: Number(id) });
      await until(`${field} as ${JSON.stringify(value)}`, () => world.find(`#asked${n}`));
    }
  }
});

test('nothing of a refused order was written', async () => {
  assert.strictEqual(await world.db.value("SELECT count(*) FROM orders WHERE name = '#spoiled'"), 0);
  assert.strictEqual(await world.db.value("SELECT count(*) FROM dead_letter WHERE error ~ 'xxxx|yesterday|heavy'"), 0);
});

test('the same id for two lines is refused', async () => {
  const body = order_body({ name: '#twins', lines: [{ id: 5 }, { id: 5 }] });
  assert.match(await reason(body), /two lines have the same id/);
});

/* ---- more than text ---- */

const SQL = "'); DROP TABLE orders; --";
const CRLF = 'Ada\r\nBcc: evil@example.com\r\n\r\nhello';
const BLANKED = 'Ada  Bcc: evil@example.com    hello';

const TEXTS = ['name', 'email', 'phone', 'customer_locale', 'note', 'shipping_address.name', 'shipping_address.company',
  'shipping_address.address1', 'shipping_address.address2', 'shipping_address.city', 'shipping_address.province',
  'shipping_address.province_code', 'shipping_address.zip', 'shipping_address.phone', 'shipping_lines.0.title',
  'shipping_lines.0.code',
  'line_items.0.sku', 'line_items.0.title', 'line_items.0.variant_title'];

const SIZES = { province_code: 20, zip: 40 };

function filled(name, text) {
  const body = order_body({ name });
  for (const field of TEXTS.slice(1)) {
    const keys = field.split('.');
    const last = keys.pop();
    keys.reduce((at, key) => at[key], body)[last] = text.slice(0, SIZES[last] || 60);
  }
  return body;
}

/* Every text that was written of an order, once. */
async function texts(name) {
  const rows = await world.db.rows(`SELECT email, o.phone, locale, note, g.name, company, address1, address2, city,
    province, zip, g.phone AS there, service_title, service_code, sku, title, variant_title
    FROM orders AS o JOIN delivery_group AS g ON g.order_id = o.id
    JOIN order_line AS l ON l.order_id = o.id WHERE o.name = '${name}'`);
  return [...new Set(rows.flatMap((row) => Object.values(row)))];
}

test('SQL in every text field is text', async () => {
  await world.send('orders/create', filled('#sql', SQL));
  await world.until_held('#sql', 'unknown_sku');
  assert.deepStrictEqual(await texts('#sql'), [SQL]);
  await world.send('orders/create', spoiled('name', SQL));
  await until('the order', () => world.db.value(`SELECT count(*) = 1 FROM orders WHERE name = $$${SQL}$$`));
});

test('line breaks and headers in every text field are blanks and text', async () => {
  await world.send('orders/create', filled('#crlf', CRLF));
  await world.until_held('#crlf', 'unknown_sku');
  const other = (await texts('#crlf')).filter((text) => !BLANKED.startsWith(text.trim()));
  assert.deepStrictEqual(other, []);
});

test('headers in names, titles and addresses do not get into mails and labels', async () => {
  await world.order('#mail', { email: 'jane@example.com', lines: [{ sku: 'A', title: CRLF }], note: CRLF,
    shipping: { title: CRLF },
    shipping_address: { country_code: 'US', first_name: CRLF, last_name: '<script>alert(1)</script>',
      address1: CRLF, city: CRLF, province_code: 'CA', zip: '94103' } });
  await world.order(`#name\r\nBcc: evil@example.com`, { email: 'jane@example.com' });
  const mails = await until('the mails', async () => {
    const { messages } = await world.house.control('smtp', 'messages');
    return messages.length === 2 && messages;
  }, 20000);
  for (const mail of mails) {
    assert.deepStrictEqual(mail.to, ['jane@example.com']);
    assert.deepStrictEqual(Object.keys(mail.headers).filter((name) => /^(bcc|cc)$/.test(name)), []);
    assert.doesNotMatch(mail.html, /<script>/);
  }
  const { shipments } = await world.house.control('shippo', 'books');
  assert.doesNotMatch(JSON.stringify(shipments), /\\r|\\n/);
});

test('an e-mail address with headers in it gets no mail', async () => {
  await world.order('#address', { email: 'jane@example.com\r\nBcc: evil@example.com' });
  await until('the notice', async () => /refused|no_address/.test(await world.db.value(`SELECT outcome FROM notice
    JOIN orders ON orders.id = order_id WHERE name = '#address'`)), 20000);
  const { messages } = await world.house.control('smtp', 'messages');
  assert.ok(messages.every((mail) => mail.to.join() === 'jane@example.com'));
});

test('nobody has died', () => {
  for (const program of [world.worker, world.gateway, world.clock]) assert.ok(program.is_running, program.name);
});
