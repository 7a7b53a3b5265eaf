'use strict';

/*
 * Whether a process gets on: what systemd's watchdog, /healthz and whoever reads the journal are told.
 */

const test = require('node:test');
const assert = require('assert');
const fs = require('fs');
const net = require('net');
const os = require('os');
const path = require('path');
const { House, Link, Supervisor, TOP, free_port, pass, request, run, until } = require('../lib');

const WATCHDOG_MS = 3000;
const AWAY_MS = WATCHDOG_MS + 1000;

const PROGRAMS = {
  gateway: ['waybill-gateway'],
  worker: ['waybill-worker', '--unit', 'all@1', 'route', 'notify', 'ingest'],
  clock: ['waybill-clock'],
};

let house;
let database;
let broker;
let folder;
const fleet = {};

async function start(name) {
  const supervisor = await Supervisor.open();
  const monitor = `127.0.0.1:${await free_port()}`;
  const [program, ...args] = PROGRAMS[name];
  const running = house.start_in(supervisor.env(WATCHDOG_MS), program, '--metrics', monitor, ...args);
  return Object.assign(running, { supervisor, url: `http://${monitor}` });
}

const health = async (program) => {
  const { status, body } = await request(`${program.url}/healthz`);
  return `${status} ${String(body).trim().replace(/\n/g, ', ')}`;
};

/* What `systemctl status` would show. */
const last_status = (supervisor) => supervisor.heard.split('STATUS=').pop().split('\n')[0];

test.before(async () => {
  house = await House.open('watchdog', { conf: { worker: { away_s: 1 }, clock: { interval_ms: 100 } } });
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'waybill-link-'));
  const socket = new URL(house.urls.WAYBILL_DB_URL.replace('@/', '@x/')).searchParams.get('host');
  database = await Link.open({ path: path.join(folder, '.s.PGSQL.5432') }, { path: path.join(socket, '.s.PGSQL.5432') });
  const amqp = new URL(house.broker.WAYBILL_AMQP_URL);
  const port = await free_port();
  broker = await Link.open({ port, host: '127.0.0.1' }, { port: Number(amqp.port), host: amqp.hostname });
  amqp.port = String(port);
  house.write_conf({ worker: { away_s: 1 }, clock: { interval_ms: 100 },
    database: { url: house.urls.WAYBILL_DB_URL.replace(socket, folder) }, broker: { urls: amqp.href } });
});

test.after(async () => {
  await house.close();
  Object.values(fleet).forEach(({ supervisor }) => supervisor.close());
  database.cut();
  broker.cut();
  fs.rmSync(folder, { recursive: true, force: true });
});

/* Each of them goes on telling, for longer than systemd would wait, and none has complained of itself. */
async function all_live(what) {
  const before = Object.entries(fleet).map(([name, program]) => [name, program, program.supervisor.beats()]);
  let last = before.map(([, , beats]) => beats);
  const end = Date.now() + AWAY_MS;
  while (Date.now() < end) {
    await until(`a beat of each while ${what}`, () => before.every(([, { supervisor }], i) => supervisor.beats() > last[i]), WATCHDOG_MS);
    last = before.map(([, { supervisor }]) => supervisor.beats());
  }
  for (const [name, program] of before) {
    assert.ok(program.is_running, name);
    assert.doesNotMatch(program.log, /event=stuck/, name);
  }
}

test('to start without PostgreSQL and RabbitMQ is no failure: ready, and alive', async () => {
  database.cut();
  broker.cut();
  for (const name of Object.keys(PROGRAMS)) fleet[name] = await start(name);
  for (const [name, { supervisor }] of Object.entries(fleet)) await until(`${name} to be ready`, () => /READY=1/.test(supervisor.heard));
  await all_live('both are away from the start');
  await database.restore();
  await broker.restore();
  for (const [name, program] of Object.entries(fleet)) {
    await until(`${name} to be well`, async () => (await health(program)).startsWith('200 '), 20000);
  }
});

test('/healthz says within two seconds that PostgreSQL has stopped, and that it is back, also of who is idle', async () => {
  for (const [name, program] of Object.entries(fleet)) assert.match(await health(program), /database up/, name);
  database.cut();
  for (const [name, program] of Object.entries(fleet)) await until(`${name} to say so`, async () => /database down/.test(await health(program)), 2000);
  await database.restore();
  for (const [name, program] of Object.entries(fleet)) await until(`${name} to take it back`, async () => /database up/.test(await health(program)), 3000);
});

for (const how of ['cut', 'mute']) {
  test(`PostgreSQL and RabbitMQ away (${how}) for longer than systemd waits: nobody is restarted`, async () => {
    database[how]();
    broker[how]();
    await all_live(`both are away (${how})`);
    for (const [name, { supervisor }] of how === 'cut' ? Object.entries(fleet) : []) {
      const missing = name === 'gateway' ? /^waits for: broker/ : /^waits for: database, broker$/;
      await until(`${name} to tell systemd what it waits for`, () => missing.test(last_status(supervisor)), WATCHDOG_MS);
    }
    await database.restore();
    await broker.restore();
    for (const [name, program] of Object.entries(fleet)) {
      await until(`${name} to be well`, async () => (await health(program)).startsWith('200 '), 20000);
      await until(`${name} to tell systemd so`, () => last_status(program.supervisor) === 'at work', WATCHDOG_MS);
    }
  });
}

test('a gateway whose own door does not answer is not alive', async () => {
  const { pid, supervisor } = fleet.gateway;
  const limit = (files) => run('prlimit', ['--pid', String(pid), `--nofile=${files}`]);
  await limit('1:1024'); /* it can take no connection any more */
  await fleet.gateway.prints('event=stuck');
  const beats = supervisor.beats();
  await pass(WATCHDOG_MS);
  assert.strictEqual(supervisor.beats(), beats);
  await limit('1024:1024');
  await until('it to be alive again', () => supervisor.beats() > beats);
});

test('a process whose loop stands still is not alive', async () => {
  const { pid, supervisor } = fleet.worker;
  process.kill(pid, 'SIGSTOP');
  const beats = supervisor.beats();
  await pass(WATCHDOG_MS);
  assert.ok(supervisor.beats() <= beats + 1); /* one may have been on its way */
  process.kill(pid, 'SIGCONT');
  await until('it to be alive again', () => supervisor.beats() > beats + 1);
});

test('what keeps a program from starting is an error for the journal, and names the remedy', async () => {
  for (const program of Object.values(fleet)) await program.stop();
  const taken = net.createServer().unref();
  await new Promise((resolve) => { taken.listen(0, '127.0.0.1', resolve); });
  const address = `127.0.0.1:${taken.address().port}`;
  const journal = { JOURNAL_STREAM: '1:1' };
  for (const [program, ...args] of Object.values(PROGRAMS)) {
    const blocked = house.start_in(journal, program, '--metrics', address, ...args);
    assert.strictEqual(await blocked.ended, 1, program);
    assert.match(blocked.log, new RegExp(`^<3>.*each process needs an address of its own.*${address}`, 'm'), program);
    const lost = house.start_in(journal, program, '--config', '/nowhere/waybill.conf', ...args);
    assert.strictEqual(await lost.ended, 1, program);
    assert.match(lost.log, new RegExp(`^<3>${program}: .*/nowhere/waybill.conf`, 'm'), program);
  }
  taken.close();
});

test('each unit is watched, and its documentation is where it says', () => {
  const units = path.join(TOP, 'systemd');
  const services = fs.readdirSync(units).filter((name) => name.endsWith('.service'));
  assert.ok(services.length >= 3);
  for (const name of services) {
    const text = fs.readFileSync(path.join(units, name), 'utf8');
    assert.match(text, /^Type=notify$/m, name);
    assert.match(text, /^WatchdogSec=[1-9]\d*$/m, name);
    assert.match(text, /^ExecStart=.* --metrics=\$\{METRICS\}/m, name);
  }
  for (const name of fs.readdirSync(units)) {
    const [, page, section] = /^Documentation=man:([\w-]+)\((\d)\)$/m.exec(fs.readFileSync(path.join(units, name), 'utf8')) || [];
    if (page) assert.ok(fs.existsSync(path.join(TOP, 'docs', 'man', `${page}.${section}`)), `${name}: ${page}(${section})`);
  }
});
