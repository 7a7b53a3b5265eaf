'use strict';

/* The parts of the library that could make a test pass that should not. */

const test = require('node:test');
const assert = require('assert');
const { Database, Program, Servers, pace, quote, run, sign, until, within } = require('.');

test('until throws at its deadline, and says what it saw last', async () => {
  await assert.rejects(until('the moon', () => 0, 50), /waited 50 ms for the moon; last seen: 0/);
  await assert.rejects(until('the moon', () => { throw new Error('no sky'); }, 50), /no sky/);
  assert.strictEqual(await until('now', () => 'x', 50), 'x');
});

test('deadlines stretch with programs that wait for a core and with time the host takes away', () => {
  const load = (wanting, ticks, stolen) => ({ wanting, ticks, stolen });
  const measured = (now) => pace(load(1, 100, 0), now, 2);
  assert.strictEqual(measured(load(2, 300, 0)), 1);
  assert.strictEqual(measured(load(14, 300, 0)), 7);
  assert.strictEqual(measured(load(1, 300, 100)), 2);
  assert.strictEqual(measured(load(1, 100, 0)), 1); /* no tick has passed */
  assert.strictEqual(measured(load(9999, 300, 200)), 10);
});

test('within throws when a promise stays open, and passes on how it ended', async () => {
  await assert.rejects(within('never', new Promise(() => {}), 50), /never/);
  await assert.rejects(within('soon', Promise.reject(new Error('ended')), 50), /^Error: ended$/);
  assert.strictEqual(await within('soon', Promise.resolve(1), 50), 1);
});

test('a program that ends instead of printing what was waited for is reported at once', async () => {
  await assert.rejects(new Program('sh', ['-c', 'echo oops; exit 3']).prints('ready', 60000), /ended \(3\).*\noops/s);
  assert.strictEqual((await run('sh', ['-c', 'cat; exit 4'], { input: 'in' })).stdout, 'in');
});

test('rows keep every digit, nulls and what looks like a number in a text', async () => {
  const { admin } = await Servers.open();
  const row = await admin.row(`SELECT '1234567890123456789, "x' AS text, 12 AS n,
      NULL AS nothing, 9007199254740993 AS id`);
  assert.deepStrictEqual(row, { text: '1234567890123456789, "x', n: 12, nothing: null,
    id: '9007199254740993' });
  assert.strictEqual(await admin.value(`SELECT ${quote("it's")} AS a`), "it's");
});

test('an error of the database carries its SQLSTATE', async () => {
  const { admin } = await Servers.open();
  await assert.rejects(admin.run('SELECT 1/0;'), { code: '22012', message: 'division by zero' });
  await assert.rejects(new Database('postgresql://x@/y?host=/nowhere').run('SELECT 1;'), /No such file/);
});

test('a webhook is signed as openssl dgst -sha256 -hmac does it', () => {
  assert.strictEqual(sign('hush', Buffer.from('{}')), 'UFwgrGBPZilFtmKh8TqcovA78LGYb1BdWu9I4Q2oyRg=');
});
