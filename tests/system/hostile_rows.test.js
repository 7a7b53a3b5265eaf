'use strict';

/*
 * Rows of unexpected form: whatever a column may hold, as far as its constraints allow it, no worker and no gateway dies of it.
 *
 * In each round all columns of one table get a value of one kind, where they can, and each role is given a job that reads them.
 * Triggers are off, as in a restore. What becomes of the jobs does not matter here.
 */

const test = require('node:test');
const assert = require('assert');
const { Broker, Fleet, request, until } = require('../lib');

const TABLES = ['store', 'merchant', 'orders', 'delivery_group', 'order_line', 'line_part', 'item', 'location', 'stock', 'allocation',
  'shipment', 'parcel', 'label_purchase', 'notice', 'routing_decision', 'carrier_account', 'credential', 'store_location'];

/* Of work itself, and what leads from row to row. */
const LEFT_ALONE = "attname IN ('step', 'lease', 'lease_until', 'due_at', 'published_at') OR (attname ~ '(^|_)id$' AND atttypid = 'bigint'::regtype)";

const VALUES = { /* by the first words of the type; a list's n-th is the n-th round's */
  text: ['NULL', "''", "repeat('x', 300)", "'none'", "E'\\x01'", "repeat('\u{1F4A5}', 70)", "repeat('9', 40)"],
  bigint: ['NULL', '0', '-1', '9223372036854775807', '-9223372036854775808', '1', '2147483648'],
  integer: ['NULL', '0', '-1', '2147483647', '-2147483648', '1', '1000000'],
  timestamp: ['NULL', "'infinity'", "'-infinity'", "'290000-01-01'", "'0044-03-15 BC'", "'10000-01-01'", "'1970-01-01'"],
  date: ['NULL', "'infinity'", "'-infinity'", "'290000-01-01'", "'0044-03-15 BC'", "'10000-01-01'", "'1970-01-01'"],
  boolean: ['NULL', 'true', 'false'],
  jsonb: ["'null'", "'[]'", "'{}'", "'\"\"'", "'[null]'", "'[[[]]]'", "'7'"],
  bytea: ['NULL', "'\\x'", "'\\x00'"],
  double: ['NULL', "'NaN'", "'Infinity'", "'-Infinity'", '0', '1e300', '-1e-300'],
};

const DUE = `UPDATE orders SET step = 'route', state = 'paid', is_held = false, due_at = now(), lease = NULL, lease_until = NULL WHERE id = 1;
  UPDATE shipment SET is_held = false, due_at = now(), lease = NULL, lease_until = NULL, step = (ARRAY['rate', 'label', 'fulfill'])[id] WHERE id <= 3;
  UPDATE notice SET step = 'notify', due_at = now(), lease = NULL, lease_until = NULL;
  UPDATE store SET step = 'reconcile', due_at = now(), lease = NULL, lease_until = NULL;
  UPDATE credential SET step = 'renew', due_at = now(), lease = NULL, lease_until = NULL WHERE kind = 'access_token';
  UPDATE item SET step = 'release', due_at = now();`;

const as_restored = (sql) => `SET session_replication_role = replica; ${sql}`;

function set_all(table, round) {
  const cases = Object.entries(VALUES).filter(([, values]) => values[round] !== undefined)
    .map(([type, values]) => `WHEN '${type}' THEN $v$${values[round]}$v$`).join(' ');
  return as_restored(`DO $do$ DECLARE c record; BEGIN
    FOR c IN SELECT attname, CASE split_part(format_type(atttypid, NULL), ' ', 1) ${cases} END AS value FROM pg_attribute
              WHERE attrelid = '${table}'::regclass AND attnum > 0 AND NOT attisdropped AND attgenerated = '' AND NOT (${LEFT_ALONE}) LOOP
      BEGIN
        EXECUTE format('UPDATE ${table} SET %I = %s', c.attname, c.value);
      EXCEPTION WHEN others THEN NULL; /* this cannot be stored */
      END;
    END LOOP;
  END $do$;`);
}

test('no stored value ends a process', async (t) => {
  process.env.WAYBILL_TESTING = '1'; /* for the short time of grace */
  const fleet = await Fleet.open('hostile_rows', { conf: { labels: { grace_s: 1 } } });
  t.after(() => fleet.close());
  await fleet.start();
  for (const name of ['#1', '#2', '#3']) await fleet.order(name);
  for (const name of ['#1', '#2', '#3']) await fleet.until_state(name, 'fulfilled', 60000);
  await fleet.clock.stop();
  const { admin } = fleet.house;
  const broker = await Broker.open(fleet.house.broker.WAYBILL_AMQP_URL);
  t.after(() => broker.close());
  const columns = {};
  for (const table of TABLES) {
    columns[table] = await admin.value(`SELECT string_agg(quote_ident(attname), ',') FROM pg_attribute
      WHERE attrelid = '${table}'::regclass AND attnum > 0 AND NOT attisdropped AND attgenerated = ''`);
    await admin.run(`CREATE TABLE kept_${table} AS TABLE ${table};`);
  }
  const restore = as_restored(TABLES.map((table) => (
    `DELETE FROM ${table}; INSERT INTO ${table} (${columns[table]}) OVERRIDING SYSTEM VALUE SELECT ${columns[table]} FROM kept_${table};`)).join('\n'));
  const token = await admin.value("SELECT id FROM credential WHERE kind = 'access_token'");
  const jobs = { route: [1], rate: [1], label: [2], fulfill: [3], notify: [1, 2, 3], reconcile: [1], renew: [token], release: [1, 2] };
  const seen = async () => (await Promise.all(Object.keys(jobs).map((role) => fleet.jobs(role)))).reduce((sum, n) => sum + n, 0);
  const count = Object.values(jobs).flat().length;

  for (const table of TABLES) {
    for (let round = 0; round < VALUES.text.length; round++) {
      await admin.run(restore);
      await admin.run(as_restored(DUE));
      await admin.run(set_all(table, round));
      const before = await seen();
      for (const [role, ids] of Object.entries(jobs)) await broker.publish(`wb.${role}`, JSON.stringify(ids));
      await fleet.send('orders/create', '{"id": 1}').catch(() => {});
      await until(`${table}, round ${round}`, async () => !fleet.worker.is_running || await seen() >= before + count, 30000);
      assert.ok(fleet.worker.is_running, `the worker ended at ${table}, round ${round}:\n${fleet.worker.log.slice(-400)}`);
      assert.ok(fleet.gateway.is_running, `the gateway ended at ${table}, round ${round}:\n${fleet.gateway.log.slice(-400)}`);
    }
  }
  assert.strictEqual((await request(`${fleet.house.gateway_url}/healthz`)).status, 200);
});
