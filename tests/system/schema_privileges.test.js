'use strict';

/*
 * The workers' user is the user of a program that may be broken into: what it can do to the
 * database beyond its work.
 */

const test = require('node:test');
const assert = require('assert');
const { Schema, line, order, promise, receive, shipment } = require('../lib');

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
