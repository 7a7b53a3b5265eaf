'use strict';

/*
 * The workers' user is the user of a program that may be broken into: what it can do to the
 * database beyond its work.
 */

const test = require('node:test');
const assert = require('assert');
const fs = require('fs');
const path = require('path');
const { Database, Schema, TOP, line, order, promise, receive, shipment } = require('../lib');

const DENIED = { code: '42501', message: /permission denied|must (be|have) / };

let schema;
test.before(async () => { schema = await Schema.open('schema_privileges'); });

test('the schema cannot be changed by the workers', async () => {
  for (const attack of [
    'CREATE TABLE public.mine ()', 'CREATE SCHEMA mine', 'CREATE VIEW public.mine AS SELECT 1', 'CREATE EXTENSION pgcrypto',
    'CREATE FUNCTION public.mine() RETURNS int LANGUAGE sql AS $$ SELECT 1 $$', 'CREATE INDEX ON orders (note)',
    'CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$',
    'ALTER TABLE stock DROP CONSTRAINT stock_on_hand_check', 'ALTER TABLE orders ADD COLUMN mine int', 'ALTER TABLE orders OWNER TO waybill',
    'ALTER TABLE stock DISABLE TRIGGER not_promised_twice', 'DROP TABLE order_event', 'DROP FUNCTION events_add CASCADE',
    'DROP SCHEMA public CASCADE', 'DROP TRIGGER not_promised_twice ON stock', 'COMMENT ON TABLE orders IS NULL',
    'CREATE RULE mine AS ON UPDATE TO stock DO INSTEAD NOTHING',
    'CREATE TRIGGER mine BEFORE INSERT ON stock FOR EACH ROW EXECUTE FUNCTION refuse_change()',
  ]) await schema.refuses(attack, DENIED);
});

test('rights cannot be given or taken by the workers', async () => {
  for (const attack of ['SET ROLE waybill_owner', 'SET SESSION AUTHORIZATION waybill_owner', 'SET ROLE postgres',
    'GRANT waybill_owner TO waybill',
    'ALTER ROLE waybill SUPERUSER', 'CREATE ROLE mine', 'DROP ROLE waybill_owner',
    'ALTER DEFAULT PRIVILEGES FOR ROLE waybill_owner GRANT ALL ON TABLES TO waybill']) {
    await schema.refuses(attack, DENIED);
  }
  assert.deepStrictEqual(await schema.sees("SELECT has_table_privilege('stock', 'UPDATE') AS granted", 'GRANT UPDATE ON stock TO waybill;'),
    [{ granted: false }]);
});

test("the server's files and programs are out of the workers' reach", async () => {
  for (const attack of ["COPY orders TO PROGRAM 'true'", "COPY orders FROM PROGRAM 'true'", "COPY orders TO '/tmp/waybill-orders'",
    "SELECT pg_read_file('postgresql.conf')", "SELECT lo_import('/etc/passwd')", 'SELECT pg_reload_conf()',
    'SELECT passwd FROM pg_shadow']) {
    await schema.refuses(attack, DENIED);
  }
});

test('ids that are to come cannot be wound back', async () => {
  for (const attack of ["SELECT setval('orders_id_seq', 1)", 'ALTER SEQUENCE orders_id_seq RESTART']) await schema.refuses(attack, DENIED);
});

test('only what is made to be changed may be changed: no table can be emptied, few lose rows', async () => {
  const [{ truncated, deleted }] = await schema.sees(`
    SELECT coalesce(jsonb_agg(relname) FILTER (WHERE has_table_privilege(c.oid, 'TRUNCATE, REFERENCES, TRIGGER')), '[]') AS truncated,
           jsonb_agg(relname ORDER BY relname) FILTER (WHERE has_table_privilege(c.oid, 'DELETE')) AS deleted
      FROM pg_class AS c WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'`);
  assert.deepStrictEqual(truncated, []);
  assert.deepStrictEqual(deleted, ['allocation', 'exclusion', 'listing_part', 'location_zone', 'service_map', 'store_location', 'suspect']);
});

/* A temporary table of the same name is found first unless the function says otherwise. */
const DEFINERS = "FROM pg_proc WHERE pronamespace = 'public'::regnamespace AND (prosecdef OR prorettype = 'trigger'::regtype)";

test('a temporary table of the same name deceives no trigger', async () => {
  const setup = `${receive(1, 1, 5)} ${order(1)} ${line(1, 1, { ordered: 9 })} ${shipment(1, 1)}
    CREATE TEMPORARY TABLE stock AS SELECT item_id, location_id, 1000 AS on_hand, 0 AS allocated FROM public.stock;
    CREATE TEMPORARY TABLE order_transition AS
      SELECT a.from_state, b.to_state FROM public.order_transition AS a, public.order_transition AS b;`;
  await schema.refuses(promise(1, 6), { code: 'P0001', message: /cannot be promised twice/ }, setup);
  await schema.refuses("UPDATE orders SET state = 'payment_processing'", { code: 'P0001', message: /cannot go from/ }, setup);
});

test('every function that guards looks into the schema before temporary tables', async () => {
  assert.deepStrictEqual(await schema.sees(`SELECT proname ${DEFINERS} AND prosrc ~ '(FROM|INSERT INTO|UPDATE|JOIN) (?!public\\.)' AND
    NOT coalesce('search_path=public, pg_temp' = ANY (proconfig), false)`), []);
});

test("no function that runs as its owner can be called, but the one that writes events, or hung on a table of one's own", async () => {
  assert.deepStrictEqual(await schema.sees(`SELECT proname ${DEFINERS} AND prosecdef AND has_function_privilege(oid, 'EXECUTE')`),
    [{ proname: 'events_add' }]);
  await schema.refuses(`CREATE TRIGGER mine AFTER INSERT ON mine REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT
    EXECUTE FUNCTION allocation_changed()`, DENIED,
  'CREATE TEMPORARY TABLE mine (line_part_id bigint, shipment_id bigint, quantity bigint);');
});

test('decisions and policies are written once, for the owner too', async () => {
  const setup = `${order(1)}
    INSERT INTO routing_policy (id, merchant_id, version) VALUES (1, 1, 1);
    INSERT INTO routing_decision (order_id, delivery_group_id, routing_policy_id, is_optimal, nodes, detail)
      VALUES (1, 1, 1, true, 1, '{}');`;
  for (const table of ['routing_policy', 'routing_decision']) {
    for (const attack of [`UPDATE ${table} SET id = 2`, `DELETE FROM ${table}`, `TRUNCATE ${table} CASCADE`]) {
      await schema.refuses(attack, DENIED, setup);
      await schema.refuses(attack, { code: 'P0001', message: /is append-only/ }, setup, schema.owner);
    }
  }
});

/* ---- who says that he did it ---- */

const note = (actor) => `SELECT events_add(ARRAY[1], ARRAY['noted'], actors => ARRAY['${actor}'])`;
const says = (actor) => `SET LOCAL waybill.actor = '${actor}';`;
const NOBODY = { code: '42501', message: /may not (act as|name other actors)/ };
const actor_of = async (setup, as) => (await schema.sees('SELECT actor FROM order_event ORDER BY seq DESC LIMIT 1', setup, as))[0].actor;

/* Somebody with a login of his own, made for this test. */
async function as_member(name, role, action) {
  await schema.admin.run(`CREATE ROLE ${name} LOGIN; GRANT ${role} TO ${name};`);
  try {
    await action(new Database(schema.db.url.replace('waybill@', `${name}@`)));
  } finally {
    await schema.admin.run(`DROP ROLE ${name};`);
  }
}

test("the workers' user speaks for workers, stores and customers, and for no person", async () => {
  for (const actor of ['worker:route', 'store:one.example', 'customer', 'user:waybill']) {
    assert.strictEqual(await actor_of(`${order(1)} ${note(actor)};`), actor);
    assert.strictEqual(await actor_of(`${order(1)} ${says(actor)} SELECT events_add(ARRAY[1], ARRAY['noted']);`), actor);
  }
  for (const actor of ['user:boss', 'user:', 'boss', 'WORKER:x', 'user:waybill ', '']) {
    await schema.refuses(note(actor), NOBODY, order(1));
    if (actor) await schema.refuses("SELECT events_add(ARRAY[1], ARRAY['noted'])", NOBODY, order(1) + says(actor));
  }
});

test('of many events in one statement none may name somebody else', async () => {
  await schema.refuses(`SELECT events_add(ARRAY[1, 1, 1], ARRAY['noted', 'noted', 'noted'],
    actors => ARRAY['worker:route', NULL, 'user:boss'])`, NOBODY, order(1));
});

test('people who share the operators\' role are named by the command line, and marked so', async () => {
  await schema.db.run(`BEGIN; ${order(77)} COMMIT;`);
  const hold = (actor) => `${says(actor)} INSERT INTO hold (order_id, kind, reason, set_by) VALUES (77, 'person', 'x', 'user:boss')`;
  assert.deepStrictEqual(await schema.sees('SELECT set_by FROM hold', hold('user:anna'), schema.operator), [{ set_by: 'user:anna (cli)' }]);
  for (const actor of ['worker:route', 'store:one.example', 'customer']) await schema.refuses(hold(actor), NOBODY, '', schema.operator);
});

test('a login of its own is its name, whatever it says', () => as_member('anna', 'waybill_operator', async (anna) => {
  for (const actor of ['user:boss', 'user:anna']) {
    assert.deepStrictEqual(await schema.sees('SELECT set_by FROM hold',
      `${says(actor)} INSERT INTO hold (order_id, kind, reason) VALUES (77, 'person', 'x')`, anna), [{ set_by: 'user:anna' }]);
  }
}));

test('a worker with a login of its own is a worker', () => as_member('worker_two', 'waybill', async (two) => {
  assert.strictEqual(await actor_of(`${order(1)} ${note('worker:route')};`, two), 'worker:route');
  await schema.refuses(note('user:waybill'), NOBODY, order(1), two);
}));

test('whatever a statement says, who signs is who acts: everywhere', async () => {
  const signed = await schema.sees(`SELECT c.relname AS table, a.attname AS column FROM pg_attribute AS a JOIN pg_class AS c ON c.oid = a.attrelid
    WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r' AND a.attname ~ '_by$'
      AND NOT EXISTS (SELECT FROM pg_trigger AS t WHERE t.tgrelid = c.oid AND t.tgfoid = 'signed'::regproc
                         AND position(a.attname::bytea IN t.tgargs) > 0)`);
  assert.deepStrictEqual(signed, []);
  const setup = `${order(1)} INSERT INTO hold (order_id, kind, reason, set_by) VALUES (1, 'person', 'x', 'user:boss');
    INSERT INTO dead_letter (role, fingerprint, error_kind, error_code, error) VALUES ('route', 'x', 'final', 'none', 'x');
    ${says('worker:dead')} UPDATE hold SET cleared_at = now(), cleared_by = 'user:boss';
    UPDATE dead_letter SET state = 'discarded', closed_by = 'user:boss'`;
  assert.deepStrictEqual(await schema.sees('SELECT set_by, cleared_by, closed_by FROM hold, dead_letter', setup),
    [{ set_by: 'user:waybill', cleared_by: 'worker:dead', closed_by: 'worker:dead' }]);
});

test('an event has no more than 64 KiB of details', async () => {
  const detailed = (bytes) => `SELECT events_add(ARRAY[1], ARRAY['noted'], details => ARRAY[jsonb_build_object('x', repeat('x', ${bytes}))])`;
  await schema.refuses(detailed(70000), { code: '23514', message: /order_event_detail_check/ }, order(1));
  await schema.sees('SELECT 1', `${order(1)} ${detailed(60000)}`);
});

/* ---- operators ---- */

const SQL = path.join(TOP, 'core', 'sql');
const CLI = path.join(TOP, 'cli');
const NEEDS_KEY = ['cli_credential_put.sql', 'cli_doctor_accounts.sql', 'cli_webhook_secret.sql'];

test('operators can run every statement of the command line, but those about credentials', async () => {
  const denied = [];
  const used = fs.readdirSync(CLI).filter((name) => name.endsWith('.c')).flatMap((name) => (
    [...fs.readFileSync(path.join(CLI, name), 'utf8').matchAll(/SQL_([A-Z_]+)/g)].map(([, id]) => `${id.toLowerCase()}.sql`)));
  for (const file of [...new Set(used)].sort()) {
    const text = fs.readFileSync(path.join(SQL, file), 'utf8');
    const count = new Set(text.replace(/--.*/g, '').match(/\$\d+/g)).size;
    const values = count ? `(${Array(count).fill('NULL').join()})` : '';
    await schema.operator.run(`PREPARE s AS ${text}; SET plan_cache_mode = force_generic_plan; EXPLAIN EXECUTE s${values};`)
      .catch((error) => { assert.match(error.message, /permission denied/, file); denied.push(file); });
  }
  assert.deepStrictEqual(denied, NEEDS_KEY);
});

test('operators can neither read a credential, nor do what stores, carriers and planning do, nor change the schema', async () => {
  for (const attack of ['SELECT sealed FROM credential', 'SELECT * FROM credential', "UPDATE credential SET sealed = ''", 'DELETE FROM credential',
    'INSERT INTO credential (merchant_id, store_id, kind) VALUES (1, 1, \'access_token\')', 'UPDATE orders SET total = 1', 'UPDATE orders SET email = NULL',
    'UPDATE label_purchase SET cost = 1', 'UPDATE stock SET on_hand = 9', 'DELETE FROM order_event',
    "INSERT INTO orders (id) VALUES (1)", 'CREATE TABLE public.mine ()', 'SET ROLE waybill', 'SET ROLE waybill_owner', 'TRUNCATE hold']) {
    await schema.refuses(attack, DENIED, '', schema.operator);
  }
});
