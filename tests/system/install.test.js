'use strict';

/*
 * The first start as operations.md tells it, line by line, on a machine with a booted systemd of its own; then one order ships. Without root
 * or systemd-nspawn it is skipped.
 */

const test = require('node:test');
const assert = require('assert');
const fs = require('fs');
const path = require('path');
const { Machine, TOP, until } = require('../lib');

const skip = Machine.why_not() || false;

/* What Debian's packages would have started. The node is called by a name that needs no resolving. */
const PACKAGES = `
  mkdir -p /etc/rabbitmq && echo NODENAME=rabbit@localhost >/etc/rabbitmq/rabbitmq-env.conf
  rm -rf /var/lib/rabbitmq/mnesia
  rm -rf /etc/postgresql/15/main /var/lib/postgresql/15/main
  pg_createcluster 15 main --start -- --no-sync
  systemctl start rabbitmq-server`;

const ADDRESS = { name: 'Ada Lovelace', address1: '965 Mission Street', city: 'San Francisco', province_code: 'CA', zip: '94103', country_code: 'US',
  phone: '+15553419393' };
const ORDER = {
  id: 'D-1', name: 'D-1', currency: 'USD', placed_at: '2026-11-20T10:00:00Z', payment: 'paid', total: '12.50',
  groups: [{ kind: 'ship', address: ADDRESS, service_title: 'Standard' }],
  lines: [{ id: '1', sku: 'MUG', title: 'Mug', quantity: 1, unit_price: '12.50' }],
};

let machine;

/* The blocks of "First start", as one script. */
function first_start() {
  const text = fs.readFileSync(path.join(TOP, 'docs', 'operations.md'), 'utf8');
  const [, section] = /^## First start$(.*?)^## /ms.exec(text);
  return [...section.matchAll(/^```sh\n(.*?)^```$/gms)].map((found) => found[1]);
}

test.before(async () => {
  if (skip) return;
  machine = await Machine.boot('install');
  await machine.run(PACKAGES, 180000);
});

test.after(() => machine && machine.end());

test('the first start of operations.md works as it is typed', { skip }, async () => {
  const blocks = first_start();
  assert.ok(blocks.length >= 6, `only ${blocks.length} blocks`);
  const { code, stdout, stderr } = await machine.try_run(`set -x\n${blocks.join('\n')}`, 180000);
  assert.strictEqual(code, 0, `${stdout}${stderr}`);
});

test('every unit is up, as the user waybill', { skip }, async () => {
  const text = await machine.run("systemctl show -p Id,ActiveState,User,NRestarts --value 'waybill-*.service'");
  const units = text.trim().split('\n\n').map((one) => one.split('\n'));
  assert.ok(units.length >= 13, text);
  for (const lines of units) assert.ok(lines.includes('active') && lines.includes('waybill') && lines.includes('0'), lines.join(' '));
});

test('however often a unit dies, it is started again', { skip }, async () => {
  const text = await machine.run("systemctl show -p Id,Restart,StartLimitIntervalUSec --value 'waybill-*.service'");
  for (const one of text.trim().split('\n\n')) assert.ok(one.split('\n').includes('always') && one.split('\n').includes('0'), one);
});

test('the key is root\'s, and readable for the units and the command line, not for others', { skip }, async () => {
  assert.strictEqual((await machine.run('stat -c "%U %G %a" /etc/waybill/master.key /etc/waybill/waybill.conf')).trim(),
    'root waybill 640\nroot waybill 640');
});

/* The simulated carrier's address. */
async function start_simulators() {
  await machine.run(`systemd-run -q --unit simulators -p WorkingDirectory='${TOP}' -p StandardOutput=file:/srv/simulators -E PATH="$PATH" \
    node tests/sim/run.js --shopify 0 --shippo 0 --smtp 0`);
  const said = path.join(machine.root, 'srv', 'simulators');
  const [, ready] = await until('the simulators', () => fs.existsSync(said) && /^ready (.*)$/m.exec(fs.readFileSync(said, 'utf8')), 30000);
  return JSON.parse(ready).shippo;
}

test('an order ships, and its label lies in the folder', { skip }, async () => {
  const shippo = await start_simulators();
  fs.writeFileSync(path.join(machine.root, 'srv', 'order.json'), JSON.stringify(ORDER));
  await machine.run(`
    install -m 600 /dev/stdin /srv/shippo.key <<<shippo_test_1
    waybill carrier add --carrier shippo --api-base '${shippo}' --key-file /srv/shippo.key
    waybill store add --platform none --domain desk.northwind.example
    waybill order import /srv/order.json`);
  await until('the label', async () => {
    const seen = await machine.run('waybill shipment list --json');
    if (JSON.parse(seen).some(({ state }) => state === 'released')) return true;
    throw new Error(`${seen}${await machine.run("journalctl -q -p warning --no-pager -o cat -u 'waybill-*'")}`);
  }, 60000);
  await machine.run('waybill shipment pick 1 && waybill shipment ship 1');
  const [file] = (await machine.run('cd /var/lib/waybill/labels; stat -c "%U %a %s" $(find . -type f)')).trim().split('\n');
  assert.match(file, /^waybill 6[04]0 [1-9]\d*$/);
  assert.match(await machine.run('waybill shipment label 1 --out - | head -c 4'), /%PDF/);
});

test('doctor finds all well', { skip }, async () => {
  const { code, stdout, stderr } = await machine.try_run('waybill doctor');
  assert.strictEqual(code, 0, `${stdout}${stderr}`);
});
