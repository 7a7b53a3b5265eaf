'use strict';

/*
 * The command line as people meet it: typing errors, help wherever it is asked for, tables that fit, a reader that has seen enough.
 */

const test = require('node:test');
const assert = require('assert');
const path = require('path');
const { BIN, House, run } = require('../lib');

const WAYBILL = path.join(BIN, 'waybill');

let house;

const say = (...args) => house.say(args);

/* In a terminal of so many columns; its lines. */
async function on_terminal(columns, command) {
  const { stdout } = await run('script', ['-qec', `stty cols ${columns}; ${WAYBILL} ${command}`, '/dev/null'],
    { env: { WAYBILL_CONFIG: house.conf_file } });
  return stdout.split(/\r?\n/).filter(Boolean);
}

test.before(async () => {
  house = await House.open('cli_people');
  await house.waybill('merchant', 'add', 'Acme');
  for (const n of [1, 2]) await house.waybill('item', 'add', '--sku', `SKU-${n}`, '--title', 'Größe '.repeat(20).trim(), '--grams', '250');
});

test.after(() => house.close());

for (const [words, meant] of [
  [['oder', 'list'], 'order list'],
  [['order', 'lst'], 'order list'],
  [['stok'], 'stock'],
  [['doktor'], 'doctor'],
]) {
  test(`"${words.join(' ')}" is answered with what was meant`, async () => {
    const { code, stderr } = await say(...words);
    assert.strictEqual(code, 2);
    assert.match(stderr, new RegExp(`there is no command "${words.join(' ')}"; did you mean "${meant}"\\?`));
  });
}

test('a word like no command is not guessed at', async () => {
  const { code, stderr } = await say('xylophone');
  assert.strictEqual(code, 2);
  assert.doesNotMatch(stderr, /did you mean/);
});

test('an unknown command of a noun is answered with those there are', async () => {
  const { code, stderr } = await say('order', 'xylophone');
  assert.strictEqual(code, 2);
  assert.match(stderr, /^ {2}order show /m);
});

test('an unknown option is told from one that lacks its value', async () => {
  assert.match((await say('item', 'list', '--skuu', 'x')).stderr, /there is no option --skuu here; did you mean --sku\?/);
  assert.match((await say('item', 'list', '--sku')).stderr, /--sku lacks its value/);
  assert.match((await say('item', 'list', '--sku', '--json')).stderr, /--sku lacks its value/);
});

test('help is there in every way it is asked for', async () => {
  const whole = (await say('--help')).stdout;
  for (const args of [['-h'], ['help']]) assert.strictEqual((await say(...args)).stdout, whole);
  assert.match(whole, /^Orders and shipments$/m);
  const noun = (await say('help', 'order')).stdout;
  assert.match(noun, /^ {2}order explain /m);
  assert.doesNotMatch(noun, /stock/);
  for (const args of [['order', '--help'], ['order', '-h'], ['order', 'help']]) assert.strictEqual((await say(...args)).stdout, noun);
  const one = (await say('help', 'order', 'list')).stdout;
  assert.match(one, /^usage: waybill order list/);
  for (const flag of ['--help', '-h']) assert.strictEqual((await say('order', 'list', flag)).stdout, one);
});

test('every program says its version, and its help on -h', async () => {
  for (const name of ['waybill', 'waybill-worker', 'waybill-gateway', 'waybill-clock']) {
    const program = path.join(BIN, name);
    const version = await run(program, ['--version']);
    assert.deepStrictEqual([version.code, /^waybill[a-z-]* \d+\.\d+\.\d+\n$/.test(version.stdout)], [0, true], name);
    const help = await run(program, ['-h']);
    assert.deepStrictEqual([help.code, help.stdout.startsWith('usage: ')], [0, true], name);
  }
});

test('a choice may be typed with capitals', async () => {
  assert.strictEqual((await say('order', 'list', '--state', 'Paid')).code, 0);
});

test('a table fits the terminal, whose widest texts are cut between characters; a pipe gets all', async () => {
  const lines = await on_terminal(80, 'item list');
  assert.ok(lines.length >= 3, lines.join('\n'));
  for (const line of lines) assert.ok([...line].length <= 80, `${[...line].length}: ${line}`);
  assert.match(lines[1], /Größe.*…/);
  assert.match((await say('item', 'list')).stdout, /Größe Größe Größe Größe Größe Größe Größe Größe Größe Größe Größe Größe Größe/);
});

test('a reader that has seen enough is no error', async () => {
  const { stderr } = await run('bash', ['-c', `${WAYBILL} item list --json | true; ${WAYBILL} item list --json | head -n 1`],
    { env: { WAYBILL_CONFIG: house.conf_file } });
  assert.strictEqual(stderr, '');
});

test('what stands before a command is told from a command', async () => {
  for (const [args, text] of [[['--jsn', 'order', 'list'], /there is no option --jsn before a command/], [['--config'], /--config lacks its value/]]) {
    const { code, stderr } = await run(WAYBILL, args);
    assert.strictEqual(code, 2);
    assert.match(stderr, text);
  }
  assert.match((await run(path.join(BIN, 'waybill-clock'), ['--unit', 'x'])).stderr, /there is no option --unit/);
});

test('a noun alone is answered with its commands', async () => {
  const { code, stderr } = await say('order');
  assert.strictEqual(code, 2);
  assert.match(stderr, /^waybill: "order" wants one word more:\n {2}order list /);
});

test('where nothing is wrong, the words alone say so; --json is an empty list', async () => {
  for (const command of ['audit verify', 'stock verify']) {
    const { code, stdout } = await say(...command.split(' '));
    assert.strictEqual(code, 0, command);
    assert.match(stdout, /^\w[^\n]*(?:is whole|agree)\.\n$/, command);
    assert.deepStrictEqual(await house.waybill(...command.split(' ')), [], command);
  }
});

test('a sentence that a terminal is too narrow for stands under its row, whole', async () => {
  const why = 'the customer asked to wait until the neighbours are back from their holidays';
  await house.waybill('store', 'add', '--platform', 'none', '--domain', 'desk.test');
  await house.owner.run(`INSERT INTO orders (merchant_id, store_id, source_id, name, state, placed_at, payment_status, currency, total,
      presentment_currency, source_updated_at, source_hash)
    SELECT 1, id, 'N-1', 'N-1', 'paid', now(), 'paid', 'EUR', 1, 'EUR', now(), sha256('') FROM store`);
  await house.waybill('order', 'hold', 'N-1', '--reason', why);
  const lines = await on_terminal(80, 'order list --held');
  assert.strictEqual(lines.length, 3, lines.join('\n'));
  assert.ok(!lines[0].includes('hold'), lines[0]);
  assert.strictEqual(lines[2], `    hold: person: ${why}`);
});

test('doctor without any server says what to set, and does not ask whether it is right', async () => {
  const { stdout } = await run(WAYBILL, ['doctor'], { env: { WAYBILL_CONFIG: '/dev/null', WAYBILL_DB_URL: '', WAYBILL_AMQP_URL: '' } });
  assert.match(stdout, /^broker +WRONG +broker\.urls is not set; see docs\/configuration\.md$/m);
  assert.match(stdout, /^database +WRONG +database\.url is not set; see docs\/configuration\.md$/m);
});

test('what is there already, what is not there and what is not there any more are told apart, by name', async () => {
  assert.match((await say('item', 'add', '--sku', 'sku-1')).stderr, /there is a sku "sku-1" already; change it with `waybill item set`/);
  assert.match((await say('shipment', 'label', '99', '--out', '-')).stderr, /there is no shipment 99/);
  await house.owner.run(`INSERT INTO location (merchant_id, code, name, address1, city, country_code) VALUES (1, 'EAST', 'E', 'a', 'c', 'US');
    INSERT INTO delivery_group (order_id, position, kind) SELECT id, 0, 'ship' FROM orders;
    INSERT INTO shipment (merchant_id, order_id, delivery_group_id, location_id, state)
      SELECT 1, o.id, g.id, l.id, 'planned' FROM orders AS o, delivery_group AS g, location AS l`);
  const id = await house.db.value('SELECT id FROM shipment');
  assert.match((await say('shipment', 'label', String(id), '--out', '-')).stderr, new RegExp(`shipment ${id} has no label yet`));
});
