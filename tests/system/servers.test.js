'use strict';

/*
 * tools/servers, on a copy of it in a place where neither sockets nor the servers' users could
 * live: a long path with a space, closed to other users.
 */

const test = require('node:test');
const assert = require('assert');
const { spawn, spawnSync } = require('child_process');
const fs = require('fs');
const path = require('path');
const { Database, Program, TOP, parse_env, run, until } = require('../lib');

const top = path.join(TOP, 'build', 'tests', 'a place');
const clone = path.join(top, 'd'.repeat(100));
const tool = path.join(clone, 'tools', 'servers');
const servers = (...args) => run(tool, args);
const env = async () => parse_env((await servers('env', 'self')).stdout);
const place = () => fs.realpathSync(path.join(clone, 'build', 'servers', 'self'));

async function listening(port) {
  const { stdout } = await run(path.join(TOP, 'tools', 'check-host'), []);
  const suffix = `:${Number(port).toString(16).toUpperCase().padStart(4, '0')} `;
  return stdout.split('\n').filter((line) => line.startsWith('listens') && line.includes(suffix));
}

function remove() {
  if (fs.existsSync(tool)) ['self', 'other'].forEach((name) => spawnSync(tool, ['remove', name]));
  fs.rmSync(top, { recursive: true, force: true });
}

process.on('SIGTERM', () => {
  remove();
  process.exit(1);
});

test.before(() => {
  remove();
  fs.mkdirSync(path.join(clone, 'tools'), { recursive: true });
  fs.chmodSync(top, 0o700);
  fs.copyFileSync(path.join(TOP, 'tools', 'servers'), tool);
});

test.after(remove);

test('a start that was killed half-way is finished by the next one', async () => {
  const first = spawn(tool, ['start', 'self'], { detached: true, stdio: 'ignore' });
  await until('the broker to be on its way', () => fs.existsSync(path.join(place(), 'broker.pid')), 20000);
  process.kill(-first.pid, 'SIGKILL'); /* it and its helpers, as Ctrl-C would */
  const { code, stderr } = await servers('start', 'self');
  assert.strictEqual(code, 0, stderr);
  const status = await servers('status', 'self');
  assert.strictEqual(status.code, 0, status.stdout);
});

test('two places that want the same ports and start at once do not clash', async () => {
  const port = fs.readFileSync(path.join(place(), 'port'), 'utf8');
  assert.strictEqual((await servers('stop', 'self')).code, 0);
  await servers('status', 'other'); /* makes the place */
  fs.writeFileSync(path.join(fs.realpathSync(path.join(clone, 'build', 'servers', 'other')), 'port'), port);
  const starts = await Promise.all(['self', 'other'].map((name) => servers('start', name)));
  assert.deepStrictEqual(starts.map(({ code }) => code), [0, 0], starts.map(({ stderr }) => stderr).join(''));
  const addresses = await Promise.all(['self', 'other'].map(async (name) => (await servers('env', name)).stdout));
  assert.strictEqual(new Set(addresses.map((text) => parse_env(text).WAYBILL_AMQP_URL)).size, 2);
  assert.strictEqual((await servers('remove', 'other')).code, 0);
});

test('starting again what runs changes nothing', async () => {
  const before = await servers('status', 'self');
  assert.strictEqual((await servers('start', 'self')).code, 0);
  assert.deepStrictEqual(await servers('status', 'self'), before);
});

test('the workers are neither owner nor superuser', async () => {
  const worker = new Database((await env()).WAYBILL_DB_URL);
  assert.deepStrictEqual(await worker.row(
    'SELECT current_user::text, rolsuper, rolcreatedb FROM pg_roles WHERE rolname = current_user'),
  { current_user: 'waybill', rolsuper: false, rolcreatedb: false });
  assert.strictEqual(await worker.value(`SELECT pg_get_userbyid(datdba)::text FROM pg_database
    WHERE datname = current_database()`), 'waybill_owner');
  await assert.rejects(worker.run('CREATE TABLE public.x ();'), { code: '42501' });
  assert.strictEqual(await worker.value("SELECT current_setting('fsync')"), 'on');
});

test('they listen on loopback only, and on nothing after a stop', async () => {
  await new Database((await env()).WAYBILL_OWNER_URL).run('CREATE TABLE kept (id int);');
  const first = Number(fs.readFileSync(path.join(place(), 'port'), 'utf8'));
  for (const port of [first, first + 1, first + 2]) {
    const lines = await listening(port);
    assert.notStrictEqual(lines.length, 0);
    for (const line of lines) assert.match(line, / (0100007F|0{24}01000000):/);
  }
  assert.strictEqual((await servers('stop', 'self')).code, 0);
  for (const port of [first, first + 1, first + 2]) assert.deepStrictEqual(await listening(port), []);
  assert.strictEqual((await servers('status', 'self')).code, 3);
});

test('a pid that another program got meanwhile is left alone', async () => {
  const bystander = new Program('sleep', ['60']);
  for (const what of ['broker', 'postgres', 'epmd']) {
    fs.writeFileSync(path.join(place(), `${what}.pid`), `${bystander.pid} 1\n`);
  }
  assert.strictEqual((await servers('stop', 'self')).code, 0);
  assert.strictEqual(bystander.is_running, true);
  await bystander.kill();
});

test('data outlive a stop', async () => {
  assert.strictEqual((await servers('start', 'self')).code, 0);
  assert.strictEqual(await new Database((await env()).WAYBILL_OWNER_URL).value('SELECT count(*) FROM kept'), 0);
});

test("Erlang's programs start no epmd of their own, which would stay behind", async () => {
  const port = Number(fs.readFileSync(path.join(place(), 'port'), 'utf8')) + 2;
  process.kill(Number(fs.readFileSync(path.join(place(), 'epmd.pid'), 'utf8').split(' ')[0]));
  await until('epmd to end', async () => (await listening(port)).length === 0);
  assert.notStrictEqual((await servers('ctl', 'self', '-q', 'list_vhosts')).code, 0);
  assert.deepStrictEqual(await listening(port), []);
  assert.strictEqual((await servers('stop', 'self')).code, 0);
  assert.strictEqual((await servers('start', 'self')).code, 0);
});

test('a wiped broker is empty and at the same address', async () => {
  const before = await env();
  const vhosts = async () => (await servers('ctl', 'self', '-q', 'list_vhosts', '--no-table-headers'))
    .stdout.trim().split('\n').sort();
  await servers('vhost', 'self', 'other');
  assert.deepStrictEqual(await vhosts(), ['other', 'waybill']);
  assert.strictEqual((await servers('wipe-broker', 'self')).code, 0);
  assert.deepStrictEqual(await vhosts(), ['waybill']);
  assert.deepStrictEqual(await env(), before);
});

test('servers that a program uses are not removed under it', async () => {
  const claim = path.join(place(), 'user.pid');
  const user = new Program('sleep', ['60']);
  const started = fs.readFileSync(`/proc/${user.pid}/stat`, 'latin1').replace(/^.*\) /, '').split(' ')[19];
  fs.writeFileSync(claim, `${user.pid} ${started}\n`);
  const { code, stderr } = await servers('remove', 'self');
  assert.strictEqual(code, 1);
  assert.match(stderr, new RegExp(`process ${user.pid} uses "self"`));
  await user.kill();
});

test('what is removed leaves nothing behind', async () => {
  const port = Number(fs.readFileSync(path.join(place(), 'port'), 'utf8'));
  const data = place();
  assert.strictEqual((await servers('remove', 'self')).code, 0);
  assert.strictEqual(fs.existsSync(data), false);
  assert.deepStrictEqual(fs.readdirSync(path.join(clone, 'build', 'servers')), []);
  assert.deepStrictEqual(await listening(port), []);
});
