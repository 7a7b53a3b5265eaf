'use strict';

/*
 * People who run orders without the master key and without the owner of the schema, and what the command line tells those who lack
 * one of them.
 */

const test = require('node:test');
const assert = require('assert');
const fs = require('fs');
const path = require('path');
const { House, order } = require('../lib');

let house;

test.before(async () => {
  house = await House.open('operators');
  await house.owner.run("INSERT INTO merchant (id, name, brand) VALUES (1, 'm', 'M');");
  await house.owner.run(`INSERT INTO store (id, merchant_id, platform, domain, api_base, hook_key) VALUES (1, 1, 'none', 'o.test', '', 'operators-hook-0001');
    ${order(1)}`);
});

test.after(() => house.close());

/* A configuration with these keys only; returns its path. */
function conf(name, database, more = '') {
  const keys = Object.entries(database).map(([key, value]) => `${key} = ${value}\n`).join('');
  return house.file(name, `[database]\n${keys}[broker]\nurls = ${house.broker.WAYBILL_AMQP_URL}\n${more}`);
}

const waybill = (file, ...args) => house.try_waybill(['--config', file, ...args]);
const secret = (name, text, mode) => {
  const file = house.secret_file(name, text);
  fs.chmodSync(file, mode);
  return file;
};

test('an operator, who has neither key nor owner, does what people do, and is named', async () => {
  const own = conf('operator.conf', { url: house.urls.WAYBILL_OPERATOR_URL });
  assert.strictEqual((await waybill(own, 'item', 'add', '--sku', 'MUG', '--grams', '350')).code, 0);
  assert.strictEqual((await waybill(own, 'order', 'hold', '#1', '--reason', 'call first')).code, 0);
  assert.match(await house.db.value("SELECT actor FROM order_event WHERE order_id = 1 AND kind = 'held'"), /^user:\S+ \(cli\)$/);
  assert.strictEqual((await waybill(own, 'order', 'release', '#1')).code, 0);
  const { json: checks } = await waybill(own, 'doctor');
  const { result, what } = checks.find((one) => one.check === 'privileges');
  assert.deepStrictEqual([result, what], ['ok', "an operator's: credentials are not looked at"]);
});

test('what needs the master key or the owner is refused, and says which', async () => {
  const own = conf('operator.conf', { url: house.urls.WAYBILL_OPERATOR_URL });
  const key = secret('key', 'shippo_test_1', 0o600);
  const carrier = await waybill(own, 'carrier', 'add', '--carrier', 'shippo', '--key-file', key);
  assert.strictEqual(carrier.code, 1);
  assert.match(carrier.stderr, /credentials need the master key/);
  const owner = await waybill(own, 'migrate');
  assert.strictEqual(owner.code, 1);
  assert.match(owner.stderr, /database\.owner_url_file is not set/);
});

test('as the workers\' user people look, but change nothing', async () => {
  const workers = conf('workers.conf', { url: house.urls.WAYBILL_DB_URL });
  assert.strictEqual((await waybill(workers, 'order', 'list')).code, 0);
  const { code, stderr } = await waybill(workers, 'order', 'hold', '#1', '--reason', 'x');
  assert.strictEqual(code, 1);
  assert.match(stderr, /this login may not do that: people act through database\.operator_url_file/);
  const checks = (await waybill(workers, 'doctor')).json;
  assert.strictEqual(checks.find((one) => one.check === 'operators').result, 'WRONG');
});

test('a file with a url that others may read, or without one, is refused without saying what is in it', async () => {
  for (const [name, text, mode, wrong] of [['open.url', house.urls.WAYBILL_OWNER_URL, 0o644, /refused .*open\.url: anybody may read it/],
    ['none.url', 'hush hush', 0o600, /none\.url: not a database's url/], ['absent.url', null, 0, /cannot read .*absent\.url: No such file/]]) {
    const file = text === null ? path.join(house.dir, name) : secret(name, text, mode);
    for (const [key, ...args] of [['owner_url_file', 'migrate'], ['operator_url_file', 'item', 'list']]) {
      const { code, stderr } = await waybill(conf('files.conf', { url: house.urls.WAYBILL_DB_URL, [key]: file }), ...args);
      assert.strictEqual(code, 1, `${name} ${key}`);
      assert.match(stderr, wrong);
      assert.doesNotMatch(stderr, /hush|waybill_owner@/);
    }
  }
});
