'use strict';

/*
 * What `waybill doctor` finds before it hurts, and that commands which judge a database say which one.
 */

const test = require('node:test');
const assert = require('assert');
const fs = require('fs');
const { House } = require('../lib');

let house;

/* A check's line of the doctor. */
async function finds(check) {
  const { json } = await house.try_waybill(['doctor']);
  return json.find((line) => line.check === check);
}

test.before(async () => {
  house = await House.open('doctor');
  await house.waybill('setup');
});

test.after(() => house.close());

test('doctor, verify and migrate say which database they are talking to', async () => {
  assert.match((await finds('database')).what, /^t_doctor on \/.*, reachable$/);
  const say = async (...args) => (await house.say(args)).stdout;
  assert.match(await say('audit', 'verify'), /The audit trail of t_doctor on .* is whole/);
  assert.match(await say('stock', 'verify'), /of t_doctor on .* agree/);
  assert.match((await house.waybill('migrate')).database, /^t_doctor on /);
});

test('what holds secrets and can be read by others is wrong, with the remedy', async () => {
  for (const file of [house.conf_file, house.key_file()]) {
    const { mode } = fs.statSync(file);
    fs.chmodSync(file, 0o644);
    const line = await finds('configuration');
    fs.chmodSync(file, mode & 0o777);
    assert.strictEqual(line.result, 'WRONG');
    assert.ok(line.what.includes(file) && line.what.includes('chmod 640'), line.what);
  }
  assert.deepStrictEqual(await finds('configuration'), { check: 'configuration', result: 'ok', what: house.conf_file });
});

test('a folder for labels that cannot be written is found before a label is bought', async () => {
  house.write_conf({ labels: { store: '/proc/no-such' } });
  const line = await finds('labels');
  assert.strictEqual(line.result, 'WRONG');
  assert.match(line.what, /could not write a file in \/proc\/no-such: .*labels\.store/);
  house.write_conf({ labels: { store: house.dir } });
  assert.strictEqual((await finds('labels')).result, 'ok');
  assert.deepStrictEqual(fs.readdirSync(house.dir).filter((name) => name.startsWith('.try')), []);
  house.write_conf();
});

test('what was picked and has not left for a day wants a person', async () => {
  assert.match((await finds('picked shipments')).what, /^0 were picked/);
  await house.admin.run(`SET session_replication_role = replica;
    INSERT INTO shipment (merchant_id, order_id, delivery_group_id, state) VALUES (1, 1, 1, 'picked');`);
  assert.deepStrictEqual(await finds('picked shipments'), { check: 'picked shipments', result: 'WRONG',
    what: '1 were picked over a day ago and have not left; see `waybill shipment list --state picked`' });
});
