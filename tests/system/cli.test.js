'use strict';

/*
 * The command line: what it refuses and how it says so, what it changes, what it never shows.
 */

const test = require('node:test');
const assert = require('assert');
const fs = require('fs');
const path = require('path');
const { BIN, House, TOP, run, until } = require('../lib');

const SECRET = 'shpss_never_to_be_seen';

let house;

const waybill = (...args) => house.waybill(...args);

const file = (...args) => house.file(...args);
const refused = (...args) => house.refused(...args);

const stock = (sku) => house.db.row(`SELECT on_hand, allocated FROM stock JOIN item ON item.id = item_id WHERE sku = '${sku}'`);

/* An order whose units are promised already, as route leaves it: one shipment per quantity. */
async function promised(name, sku, quantities, state = 'released') {
  const units = quantities.reduce((a, b) => a + b, 0);
  return house.owner.run(`
    WITH o AS (INSERT INTO orders (merchant_id, store_id, source_id, name, state, placed_at, payment_status, currency, total, presentment_currency,
                                   source_updated_at, source_hash)
                 SELECT 1, id, '${name}', '${name}', 'awaiting_fulfillment', now(), 'paid', 'EUR', 1, 'EUR', now(), sha256('') FROM store
                  WHERE platform = 'none' RETURNING id)
    SELECT id AS o FROM o \\gset
    INSERT INTO delivery_group (order_id, position, kind) VALUES (:o, 0, 'ship') RETURNING id AS g \\gset
    INSERT INTO order_line (order_id, delivery_group_id, source_id, sku, title, ordered, unit_price, unit_price_presentment, needs_shipping)
      VALUES (:o, :g, '1', '${sku}', 'Thing', ${units}, 1, 1, true) RETURNING id AS l \\gset
    INSERT INTO line_part (order_id, order_line_id, item_id, per_unit, quantity)
      SELECT :o, :l, id, 1, ${units} FROM item WHERE sku = '${sku}' RETURNING id AS p \\gset
    ${quantities.map((n) => `
      INSERT INTO shipment (merchant_id, order_id, delivery_group_id, location_id, state) VALUES (1, :o, :g, 1, '${state}') RETURNING id AS s \\gset
      INSERT INTO allocation (line_part_id, shipment_id, quantity) VALUES (:p, :s, ${n});`).join('')}`);
}

const shipments = (name) => house.db.rows(`SELECT s.id, s.state, (SELECT sum(quantity) FROM allocation WHERE shipment_id = s.id) AS units
  FROM shipment AS s JOIN orders AS o ON o.id = s.order_id WHERE o.name = '${name}' ORDER BY s.id`);

test.before(async () => {
  house = await House.open('cli');
  await waybill('setup');
  await waybill('merchant', 'add', 'Acme');
  await waybill('location', 'add', '--code', 'EAST', '--address1', '1 Main St', '--city', 'Boston', '--country', 'US');
  await waybill('store', 'add', '--platform', 'none', '--domain', 'desk.test');
  await waybill('item', 'import', file('items.csv', 'sku,title,grams\nMUG,"Mug, blue",300\nTEE,T-Shirt,200\nCAP,Cap,\n'));
});

test.after(() => house.close());

/* ---- calling it ---- */

for (const [name, args] of Object.entries({
  'an unknown command': ['stork', 'show'],
  'an unknown option': ['item', 'list', '--colour', 'blue'],
  'an option without its value': ['item', 'list', '--sku'],
  'an argument too many': ['merchant', 'list', 'Acme'],
  'a missing argument': ['order', 'show'],
  'a needed option that is missing': ['stock', 'receive', '--sku', 'MUG', '--location', 'EAST'],
  'a quantity that is no number': ['stock', 'receive', '--sku', 'MUG', '--location', 'EAST', '--quantity', '1e3'],
  'a negative quantity': ['stock', 'count', '--sku', 'MUG', '--location', 'EAST', '--quantity', '-1'],
  'a choice that is none': ['order', 'list', '--state', 'happy'],
  'a date that is none': ['item', 'set', '--sku', 'MUG', '--restock-on', '2026-13-01'],
  'a text that is too long': ['item', 'add', '--sku', 'x'.repeat(101)],
  'a platform that does not exist': ['store', 'add', '--platform', 'ebay', '--domain', 'x.test'],
  'a shipment that is no number': ['shipment', 'show', 'first'],
})) {
  test(`${name} is called wrongly: exit code 2, and nothing on stdout`, () => refused(2, /waybill: /, ...args));
}

for (const args of [['order', 'show', '#404'], ['shipment', 'show', '404'], ['store', 'show', 'no.test'], ['item', 'set', '--sku', 'NO'],
  ['stock', 'receive', '--sku', 'NO', '--location', 'EAST', '--quantity', '1'], ['dead', 'show', '404'], ['shipment', 'pick', '404'],
  ['order', 'hold', '#404', '--reason', 'x']]) {
  test(`${args.slice(0, 2).join(' ')} of what is not there: exit code 3`, () => refused(3, /waybill: /, ...args));
}

test('every command explains itself, and stands in the man page', async () => {
  const page = fs.readFileSync(path.join(TOP, 'docs', 'man', 'waybill.1'), 'utf8').replace(/\\-/g, '-');
  const { stdout } = await house.try_waybill(['--help']);
  const commands = [...stdout.matchAll(/^ {2}([a-z]+(?: [a-z-]+)?) {2,}/gm)].map((found) => found[1]);
  assert.ok(commands.length > 45, `only ${commands.length} commands`);
  for (const words of commands) {
    const { code, stdout: help } = await house.try_waybill([...words.split(' '), '--help']);
    assert.strictEqual(code, 0, words);
    assert.match(help, new RegExp(`^usage: waybill ${words}`));
    assert.match(page, new RegExp(`^\\.B ${words}( |$)`, 'm'), words);
    for (const [option] of help.matchAll(/^ {2}--[a-z0-9-]+/gm)) assert.ok(page.includes(option.trim()), `${words} ${option}`);
  }
});

test('without a database: exit code 4, and what to look at', async () => {
  const conf = file('nowhere.conf', '[database]\nurl = postgresql://waybill@127.0.0.1:1/waybill\n');
  await refused(4, /waybill: /, 'item', 'list', '--config', conf);
});

test('what is printed for people and as JSON is the same', async () => {
  const [mug] = await waybill('item', 'list', '--sku', 'MUG');
  assert.strictEqual(mug.title, 'Mug, blue');
  const { stdout } = await house.try_waybill(['item', 'list', '--sku', 'MUG']);
  assert.strictEqual(JSON.parse(stdout).length, 1);
});

test('text from outside cannot write to the terminal', async () => {
  await house.owner.run("INSERT INTO item (merchant_id, sku, title) VALUES (1, 'EVIL', E'\\x1b]0;owned\\x07\\u009b31m');");
  const { stdout } = await run(path.join(BIN, 'waybill'), ['item', 'list', '--sku', 'EVIL'],
    { env: { WAYBILL_CONFIG: house.conf_file } });
  assert.match(stdout, /EVIL/);
  assert.doesNotMatch(stdout, /[\x00-\x09\x0b-\x1f\x7f\u0080-\u009f]/);
});

/* ---- words for what the database refuses ---- */

const in_words = {
  'a role that is none': [['requeue', '--role', 'nosuch'], /role: no rows wait for a role "nosuch"; see `waybill role list`/],
  'a merchant without a name': [['merchant', 'add', ''], /name and brand: 1 to 200 characters are needed/],
  'closed days the wrong way round': [['location', 'set', '--code', 'EAST', '--closed-from', '2030-02-01', '--closed-until', '2030-01-01'],
    /closed-until: a day before closed-from/],
  'an address for a domain': [['store', 'add', '--platform', 'none', '--domain', 'https://x.myshopify.com/'],
    /domain: a name such as shop\.myshopify\.com is needed, without https:\/\//],
  'a domain with a blank': [['store', 'add', '--platform', 'none', '--domain', 'bad domain'], /domain: a name such as shop\.myshopify\.com/],
};
for (const [name, [args, text]] of Object.entries(in_words)) {
  test(`${name} is refused in words, not in SQL`, async () => {
    const { code, stderr } = await house.try_waybill(args);
    assert.notStrictEqual(code, 0);
    assert.match(stderr, text);
    assert.doesNotMatch(stderr, /sql |violates|constraint|relation|\(\d{5}\)/);
  });
}

test('every constraint on what people write has words for them, which name no constraint', async () => {
  const statement = fs.readFileSync(path.join(TOP, 'core', 'sql', 'cli_constraint.sql'), 'utf8');
  const names = await house.owner.rows(`SELECT conname AS name FROM pg_constraint WHERE conrelid IN ('merchant'::regclass, 'store'::regclass,
      'carrier_account'::regclass, 'location'::regclass, 'location_zone'::regclass, 'store_location'::regclass, 'service_map'::regclass,
      'item'::regclass, 'listing'::regclass, 'listing_part'::regclass, 'stock'::regclass, 'stock_move'::regclass, 'hold'::regclass)
    UNION ALL SELECT c.relname FROM pg_index AS i JOIN pg_class AS c ON c.oid = i.indexrelid
     WHERE i.indisunique AND i.indrelid IN ('merchant'::regclass, 'carrier_account'::regclass, 'location'::regclass, 'service_map'::regclass,
      'item'::regclass, 'listing'::regclass)`);
  assert.ok(names.length > 100, `${names.length} constraints`);
  for (const { name } of names) {
    const words = await house.owner.value(statement.replace(/\$1::text/g, `'${name}'`).replace(/^--.*$/gm, ''));
    assert.match(words, /^[a-z0-9- ]+: [a-z0-9]/, name);
    assert.ok(!words.includes('_'), words);
  }
});

/* ---- secrets ---- */

test('a store is added without a secret on the command line, in the output, in the clear or in the log', async () => {
  const secret = file('secret', `${SECRET}\n`);
  const result = await house.try_waybill(['store', 'add', '--platform', 'shopify', '--domain', 'a.myshopify.com', '--client-id-file', '-',
    '--client-secret-file', secret], 'client-id');
  assert.strictEqual(result.code, 0, result.stderr);
  const shown = JSON.stringify([result, await waybill('store', 'show', 'a.myshopify.com'), await waybill('store', 'list'),
    await house.db.rows('SELECT encode(sealed, \'escape\') FROM credential')]);
  assert.ok(!shown.includes(SECRET));
  assert.match(result.json.webhook_path, /^\/webhook\/shopify\/[\w-]{16,64}$/);
  assert.deepStrictEqual(await house.db.row("SELECT step, sealed IS NULL AS is_missing FROM credential WHERE kind = 'access_token'"),
    { step: 'renew', is_missing: true });
});

test('a store without the secrets it needs is not half added', async () => {
  await refused(2, /--webhook-secret-file or --client-secret-file is needed/, 'store', 'add', '--platform', 'shopify', '--domain', 'b.myshopify.com');
  assert.strictEqual(await house.db.value("SELECT count(*) FROM store WHERE domain = 'b.myshopify.com'"), 0);
});

test('labels that are to be given back are listed, with the money', async () => {
  await house.owner.run(`
    INSERT INTO carrier_account (merchant_id, carrier, name, api_base) VALUES (1, 'shippo', 'labels', 'https://carrier.example') RETURNING id AS c \\gset
    INSERT INTO orders (merchant_id, store_id, source_id, name, state, placed_at, payment_status, currency, total, presentment_currency, source_updated_at, source_hash)
      SELECT 1, min(id), 'void', '#void', 'cancelled', now(), 'paid', 'EUR', 1, 'EUR', now(), sha256('') FROM store RETURNING id AS o \\gset
    INSERT INTO delivery_group (order_id, position, kind) VALUES (:o, 0, 'ship') RETURNING id AS g \\gset
    INSERT INTO shipment (merchant_id, order_id, delivery_group_id, location_id, state) VALUES (1, :o, :g, 1, 'cancelled') RETURNING id AS s \\gset
    INSERT INTO parcel (shipment_id) SELECT :s FROM generate_series(1, 3);
    INSERT INTO label_purchase (parcel_id, carrier_account_id, attempt_id, rate_id, state, cost, currency)
      SELECT p.id, :c, gen_random_uuid(), 'r', v.state, v.cost, v.currency FROM (SELECT id, row_number() OVER () AS n FROM parcel WHERE shipment_id = :s) AS p
        JOIN (VALUES (1, 'voiding', 57000, 'USD'), (2, 'voiding', 125000, 'USD'), (3, 'unknown', NULL, NULL)) AS v(n, state, cost, currency) USING (n);`);
  const listed = await waybill('label', 'list', '--state', 'voiding');
  assert.deepStrictEqual(listed.map((one) => [one.order, one.state, one.cost, one.currency]), [['#void', 'voiding', '12.50', 'USD'], ['#void', 'voiding', '5.70', 'USD']]);
  assert.strictEqual((await waybill('label', 'list')).length, 3);
  const { json } = await house.try_waybill(['doctor']);
  assert.match(json.find((one) => one.check === 'labels to give back').what, /^2 to be given back \(18\.20 USD\), and 1 that may have been bought/);
});

test('an API is reached over https, or on this machine', async () => {
  const bases = { 'http://127.evil.example': /not https/, 'http://10.0.0.1:80': /not https/, 'http://0.0.0.0': /not https/, 'ftp://127.0.0.1': /not https/,
    'https://user:word@x.example': /malformed/, 'nonsense or not': /malformed/, 'https://x.example/': /slash at its end/ };
  for (const [base, why] of Object.entries(bases)) {
    await refused(2, why, 'carrier', 'add', '--carrier', 'shippo', '--name', 'plain', '--key-file', '-', '--api-base', base);
    await refused(2, why, 'store', 'add', '--platform', 'none', '--domain', 'plain.test', '--api-base', base);
    await refused(2, why, 'store', 'set', 'desk.test', '--api-base', base);
  }
  assert.strictEqual(await house.db.value("SELECT count(*) FROM store WHERE domain = 'plain.test'"), 0);
});

test('a sender from which no mail would go out is refused when it is said, and so are blanks where something is needed', async () => {
  for (const address of ['orders', 'a@b', 'a@b.example\r\nBcc: c@d.example', 'a b@c.example', 'ü@c.example', `${'a'.repeat(300)}@c.example`]) {
    await refused(2, /mail-from: an address such as/, 'store', 'set', 'desk.test', '--mail-from', address);
    await refused(2, /email: an address such as/, 'location', 'set', '--code', 'E', '--email', address);
  }
  await refused(2, /--code is needed/, 'location', 'add', '--code', ' \u0007 ', '--name', 'x', '--address1', 'x', '--city', 'x', '--country', 'US');
  const sender = () => house.db.value("SELECT mail_from_address FROM store WHERE domain = 'desk.test'");
  await waybill('store', 'set', 'desk.test', '--mail-from', 'orders@shop.example');
  assert.strictEqual(await sender(), 'orders@shop.example');
});

test('after a rotation both webhook secrets open, twice in a row', async () => {
  for (const n of [1, 2]) await house.try_waybill(['store', 'rotate-secret', 'a.myshopify.com', '--webhook-secret-file', file('next', `next${n}\n`)]);
  assert.strictEqual(await house.db.value("SELECT count(*) FROM credential WHERE kind LIKE 'webhook_secret%'"), 2);
  const doctor = await house.try_waybill(['doctor']);
  assert.ok(!JSON.stringify(doctor).includes('is it the right master key'), JSON.stringify(doctor.json));
});

test('the master key is made once, and only its owner can read it', async () => {
  const at = path.join(house.dir, 'new.key');
  assert.strictEqual((await waybill('setup', '--key', at)).key_is_new, true);
  const key = fs.readFileSync(at, 'utf8');
  assert.strictEqual((await waybill('setup', '--key', at)).key_is_new, false);
  assert.strictEqual(fs.readFileSync(at, 'utf8'), key);
  assert.strictEqual(fs.statSync(at).mode & 0o777, 0o600);
});

/* ---- stock ---- */

test('received goods are in the ledger with the name of who received them', async () => {
  await waybill('stock', 'receive', '--sku', 'MUG', '--location', 'EAST', '--quantity', '10', '--note', 'from the boat');
  assert.strictEqual((await stock('MUG')).on_hand, 10);
  const move = await house.db.row("SELECT delta, kind, actor, note FROM stock_move JOIN item ON item.id = item_id WHERE sku = 'MUG'");
  assert.match(move.actor, /^user:\S+ \(cli\)$/);
  assert.deepStrictEqual([move.delta, move.kind, move.note], [10, 'receive', 'from the boat']);
});

test('a count that leaves too little takes back the newest units, cancels the empty shipment, and plans again', async () => {
  await promised('#short', 'MUG', [4, 3, 3]);
  const [now] = await waybill('stock', 'count', '--sku', 'MUG', '--location', 'EAST', '--quantity', '6');
  assert.deepStrictEqual([now.on_hand, now.allocated], [6, 6]);
  assert.deepStrictEqual((await shipments('#short')).map(({ state, units }) => [state, units]),
    [['released', 4], ['released', 2], ['cancelled', null]]);
  assert.strictEqual(await house.db.value("SELECT step FROM orders WHERE name = '#short'"), 'route');
  assert.deepStrictEqual(await waybill('stock', 'verify'), []);
});

test('units that are picked are not taken back by a count, and the shortage is said', async () => {
  await house.owner.run("UPDATE shipment SET state = 'picked' WHERE state = 'released';");
  await waybill('stock', 'count', '--sku', 'MUG', '--location', 'EAST', '--quantity', '5');
  assert.deepStrictEqual(await stock('MUG'), { on_hand: 5, allocated: 6 });
  const result = await house.try_waybill(['stock', 'verify']);
  assert.strictEqual(result.code, 1);
  assert.strictEqual(result.json[0].problem, 'more is allocated than there is');
});

test('a short pick takes the missing units off the stock, puts the shipment back, and plans again', async () => {
  const [first] = await shipments('#short');
  await waybill('shipment', 'short', String(first.id), '--sku', 'MUG', '--quantity', '1');
  assert.deepStrictEqual(await stock('MUG'), { on_hand: 4, allocated: 5 });
  const [after] = await shipments('#short');
  assert.deepStrictEqual([after.state, after.units], ['released', 3]);
  await refused(1, /holds only 3 of it/, 'shipment', 'short', String(first.id), '--sku', 'MUG', '--quantity', '4');
});

test('a shipment that is wholly short is cancelled', async () => {
  await waybill('stock', 'receive', '--sku', 'CAP', '--location', 'EAST', '--quantity', '2');
  await promised('#gone', 'CAP', [2], 'picked');
  const [one] = await shipments('#gone');
  await waybill('shipment', 'short', String(one.id), '--sku', 'CAP', '--quantity', '2');
  assert.deepStrictEqual(await shipments('#gone'), [{ id: one.id, state: 'cancelled', units: null }]);
  assert.deepStrictEqual(await stock('CAP'), { on_hand: 0, allocated: 0 });
});

/* ---- shipments and holds ---- */

test('shipments are picked and shipped by hand, with a tracking number', async () => {
  await waybill('stock', 'receive', '--sku', 'TEE', '--location', 'EAST', '--quantity', '10');
  await promised('#hand', 'TEE', [2, 1]);
  const [one, two] = (await shipments('#hand')).map((shipment) => String(shipment.id));
  await waybill('shipment', 'pick', one, two);
  const [shipped] = await waybill('shipment', 'ship', one, '--tracking', 'JD014', '--carrier', 'DHL');
  assert.deepStrictEqual([shipped.state, shipped.order_state], ['shipped', 'partially_fulfilled']);
  assert.strictEqual((await waybill('shipment', 'ship', two))[0].order_state, 'fulfilled');
  assert.strictEqual((await waybill('shipment', 'show', one)).parcels[0].tracking_number, 'JD014');
  await refused(1, /is shipped, not released or picked/, 'shipment', 'ship', one);
});

test('a held shipment is not shipped, and the reason is said', async () => {
  await promised('#held', 'TEE', [1]);
  const id = String((await shipments('#held'))[0].id);
  await waybill('order', 'hold', '#held', '--reason', 'the customer called');
  await refused(1, /is held: person, the customer called/, 'shipment', 'ship', id);
  await refused(1, /open hold of kind "person" already/, 'order', 'hold', 'held', '--reason', 'again');
  await waybill('order', 'release', '#held');
  assert.strictEqual((await waybill('shipment', 'ship', id))[0].state, 'shipped');
  await refused(1, /no open hold/, 'order', 'release', '#held');
});

test('an order shows its lines, shipments, holds and events', async () => {
  const order = await waybill('order', 'show', '#held', '--events');
  assert.strictEqual(order.shipments[0].state, 'shipped');
  assert.match(order.holds[0].cleared_by, /^user:/);
  assert.ok(order.events.some((event) => event.kind === 'hold_cleared' && event.actor.startsWith('user:')));
});

test('the audit trail is verified, and a changed event is found', async () => {
  assert.deepStrictEqual(await waybill('audit', 'verify'), []);
  await house.admin.run(`ALTER TABLE order_event DISABLE TRIGGER append_only;
    UPDATE order_event SET note = 'nothing happened' WHERE kind = 'held';
    ALTER TABLE order_event ENABLE TRIGGER append_only;`);
  const result = await house.try_waybill(['audit', 'verify']);
  assert.strictEqual(result.code, 1);
  assert.strictEqual(result.json[0].name, '#held');
});

/* ---- orders from nowhere ---- */

const ORDER = { id: '42', name: '#P42', placed_at: '2026-11-23T09:15:00+01:00', payment: 'paid', currency: 'EUR', total: '10.00',
  groups: [{ kind: 'ship', address: { name: 'Mia', address1: 'Gammel Strand 5', city: 'K', country_code: 'DK' } }],
  lines: [{ id: '1', sku: 'MUG', title: 'Mug', quantity: 1, unit_price: '10.00' }] };

for (const [name, change, text] of [
  ['a wrong type', { total: true }, /total/],
  ['a key that is none', { totall: '1' }, /totall/],
  ['a currency that is none', { currency: 'euro' }, /currency/],
  ['a huge quantity', { lines: [{ ...ORDER.lines[0], quantity: 1e9 }] }, /quantity/],
  ['a time that is none', { placed_at: 'yesterday' }, /placed_at/],
]) {
  test(`an order file with ${name} is refused with the field's name`, () => (
    refused(1, text, 'order', 'import', file('order.json', JSON.stringify({ ...ORDER, ...change })), '--store', 'desk.test')));
}

test('an imported order is with the broker when the command ends', async () => {
  const answer = await waybill('order', 'import', file('order.json', JSON.stringify(ORDER)), '--store', 'desk.test');
  assert.deepStrictEqual([answer.id, answer.lines], ['42', 1]);
  const worker = house.start('waybill-worker', 'ingest');
  await worker.prints('event=ready');
  await until('the order', () => house.db.value("SELECT count(*) FROM orders WHERE name = '#P42'"));
  await worker.stop();
});

/* ---- what is due ---- */

test('rows are made due again, and dead letters of theirs count as retried', async () => {
  await house.owner.run(`UPDATE orders SET step = 'route', due_at = 'infinity', attempt = 9, error = 'broken' WHERE name = '#short';
    INSERT INTO dead_letter (role, row_id, order_id, fingerprint, error_kind, error_code, error)
      SELECT 'route', id, id, 'route:x:1', 'bug', 'none', 'broken' FROM orders WHERE name = '#short';`);
  assert.strictEqual((await waybill('due')).find((line) => line.role === 'route').dead, 1);
  const [letter] = await waybill('dead', 'list');
  assert.strictEqual(letter.letters, 1);
  assert.strictEqual((await waybill('dead', 'retry', 'route:x:1')).retried, 1);
  const row = await house.db.row("SELECT due_at <= now() AS is_due, attempt, error FROM orders WHERE name = '#short'");
  assert.deepStrictEqual(row, { is_due: true, attempt: 0, error: null });
  assert.deepStrictEqual(await waybill('dead', 'list'), []);
});

test('requeue names a role that has rows, and rows that wait for it', async () => {
  await refused(1, /no rows wait for a role/, 'requeue', '--role', 'juggle');
  await refused(3, /not all of these rows/, 'requeue', '--role', 'route', '999999');
});

test('after a wipe every active store is compared again from before it', async () => {
  await house.owner.run("UPDATE store SET cursor_at = '2026-11-23T12:00:00Z', step = NULL WHERE platform = 'shopify';");
  await waybill('requeue', '--after-wipe', '--since', '2026-11-23T10:00:00Z');
  assert.deepStrictEqual(await house.db.row("SELECT cursor_at = '2026-11-23T09:50:00Z' AS is_back, step FROM store WHERE platform = 'shopify'"),
    { is_back: true, step: 'reconcile' });
});

test('what is committed stays when the broker is away, and the clock is named', async () => {
  const conf = file('no-broker.conf', fs.readFileSync(house.conf_file, 'utf8').replace(/urls = .*/, 'urls = amqp://a:b@127.0.0.1:1/x'));
  const result = await house.try_waybill(['requeue', '--role', 'route', '--config', conf]);
  assert.strictEqual(result.code, 0);
  assert.match(result.stderr, /the clock will publish it/);
});

test('doctor says what is wrong and what to do, and no secret', async () => {
  const result = await house.try_waybill(['doctor']);
  assert.strictEqual(result.code, 1);
  const by_check = Object.fromEntries(result.json.map((line) => [line.check, line]));
  assert.strictEqual(by_check.database.result, 'ok');
  assert.strictEqual(by_check.privileges.result, 'ok');
  assert.match(by_check['wb.route'].what, /no worker is at it/);
  assert.match(by_check['store a.myshopify.com'].what, /no access token yet/);
  assert.ok(!JSON.stringify(result).includes(SECRET));
});
