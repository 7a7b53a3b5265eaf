'use strict';

/*
 * waybill migrate: from an empty database to the schema, forward only, never over somebody's edits.
 */

const test = require('node:test');
const assert = require('assert');
const fs = require('fs');
const path = require('path');
const { BIN, Database, Program, Servers, TOP, run } = require('../lib');

const WAYBILL = path.join(BIN, 'waybill');
const FILES = fs.readdirSync(path.join(TOP, 'core', 'migrations')).filter((file) => file.endsWith('.sql')).sort();
const NAMES = FILES.map((file) => file.replace('.sql', ''));
const APPLIED = 'SELECT version, name FROM schema_version ORDER BY version';
const ALL = NAMES.map((name, i) => ({ version: i + 1, name }));

let servers;
test.before(async () => { servers = await Servers.open(); });

/* An empty database and who owns it. */
async function empty(name) {
  await servers.admin.run(`DROP DATABASE IF EXISTS t_migrate_${name} WITH (FORCE);
    CREATE DATABASE t_migrate_${name} OWNER waybill_owner;`);
  return new Database(servers.env.WAYBILL_OWNER_URL.replace(/\/[^/?]*\?/, `/t_migrate_${name}?`));
}

const as_worker = (db) => new Database(db.url.replace('waybill_owner@', 'waybill@'));

async function migrate(db) {
  const result = await run(WAYBILL, ['migrate', '--json'], { env: { WAYBILL_OWNER_URL: db.url } });
  return { ...result, applied: result.code === 0 ? JSON.parse(result.stdout).applied : null };
}

/* A migrated database in which change was made is refused for the reason, and left as it is. */
async function refused(name, change, reason) {
  const db = await empty(name);
  await migrate(db);
  await db.run(change);
  const before = await db.rows(APPLIED);
  const { code, stderr } = await migrate(db);
  assert.notStrictEqual(code, 0);
  assert.match(stderr, reason);
  assert.deepStrictEqual(await db.rows(APPLIED), before);
}

test('an empty database gets every migration, in order', async () => {
  const db = await empty('fresh');
  const { code, stderr, applied } = await migrate(db);
  assert.strictEqual(code, 0, stderr);
  assert.strictEqual(applied, FILES.length);
  assert.deepStrictEqual([...stderr.matchAll(/^applying (\S+)$/gm)].map((match) => match[1]), NAMES);
  assert.deepStrictEqual(await db.rows(APPLIED), ALL);
});

test('a second time changes nothing', async () => {
  const db = await empty('again');
  await migrate(db);
  const before = await db.rows('SELECT * FROM schema_version ORDER BY version');
  const { code, applied } = await migrate(db);
  assert.deepStrictEqual([code, applied], [0, 0]);
  assert.deepStrictEqual(await db.rows('SELECT * FROM schema_version ORDER BY version'), before);
});

test('of several at once each migration is applied by one', async () => {
  const db = await empty('at_once');
  const results = await Promise.all([1, 2, 3, 4].map(() => migrate(db)));
  assert.deepStrictEqual(results.map((result) => result.code), [0, 0, 0, 0]);
  assert.strictEqual(results.reduce((sum, result) => sum + result.applied, 0), FILES.length);
  assert.deepStrictEqual(await db.rows(APPLIED), ALL);
});

test('what a kill interrupted is finished by the next', async () => {
  const db = await empty('killed');
  const first = new Program(WAYBILL, ['migrate'], { WAYBILL_OWNER_URL: db.url });
  await first.prints('applying 0003');
  await first.kill();
  const { code, stderr } = await migrate(db);
  assert.strictEqual(code, 0, stderr);
  assert.deepStrictEqual(await db.rows(APPLIED), ALL);
});

test('an old file that was edited is refused by name', () => refused('edited',
  "UPDATE schema_version SET sha256 = sha256('') WHERE version = 2;",
  new RegExp(`${NAMES[1]} was edited after it had been applied`)));

test('a database newer than the program is refused', () => refused('newer',
  `INSERT INTO schema_version (version, name, sha256) VALUES (${FILES.length + 1}, '9999_later', sha256(''));`,
  /9999_later.*newer program/));

test('a database that lacks one in the middle is refused', () => refused('gap',
  'DELETE FROM schema_version WHERE version = 3;', /lacks 0003/));

test("another program's migration in the place of ours is refused", () => refused('other',
  "UPDATE schema_version SET name = '0002_other' WHERE version = 2;", /0002_other in the place of/));

test("the workers' user cannot migrate, and changes nothing", async () => {
  const db = await empty('worker');
  const { code, stderr } = await migrate(as_worker(db));
  assert.notStrictEqual(code, 0);
  assert.match(stderr, /permission denied/);
  assert.deepStrictEqual(await db.rows("SELECT 1 FROM pg_class WHERE relnamespace = 'public'::regnamespace"), []);
});

test("the workers' user cannot write the record of migrations", async () => {
  const db = await empty('record');
  await migrate(db);
  for (const attack of ['DELETE FROM schema_version;', "UPDATE schema_version SET name = 'x';", 'TRUNCATE schema_version;']) {
    await assert.rejects(as_worker(db).run(attack), { code: '42501' });
  }
});

test('a server that does not answer is said so, with an exit code of its own', async () => {
  const { code, stderr } = await migrate(new Database('postgresql://waybill_owner@127.0.0.1:1/none'));
  assert.notStrictEqual(code, 0);
  assert.notStrictEqual(code, (await migrate(as_worker(await empty('exit_code')))).code);
  assert.match(stderr, /connect/);
});
