'use strict';

/*
 * Every statement of core/sql is one that the migrated schema and the workers' user can run, and all but
 * those of people's commands find their rows by key, however many rows there are.
 */

const test = require('node:test');
const assert = require('assert');
const fs = require('fs');
const path = require('path');
const { Schema, TOP } = require('../lib');

const FOLDER = path.join(TOP, 'core', 'sql');
const FILES = fs.readdirSync(FOLDER).filter((file) => file.endsWith('.sql')).sort();

const text_of = (file) => fs.readFileSync(path.join(FOLDER, file), 'utf8');
const without_comments = (sql) => sql.replace(/--.*/g, '');

let schema; /* with statistics */
let young; /* without */

/* Orders, each with a line, a shipment, a notice and an allocation; few are due, and the labels of most are still to be bought. */
async function grow(into, orders) {
  await into.owner.run(`
    INSERT INTO stock_move (item_id, location_id, delta, kind) VALUES (1, 1, 1000000, 'receive');
    INSERT INTO orders (id, merchant_id, store_id, source_id, name, state, placed_at, payment_status, currency, total,
                        presentment_currency, source_updated_at, source_hash, step)
      SELECT n, 1, 1, n, '#' || n, 'awaiting_fulfillment', now(), 'paid', 'EUR', 10000, 'EUR', now(), sha256(''),
             CASE WHEN n % 100 = 0 THEN 'route' END FROM generate_series(1, ${orders}) AS n;
    INSERT INTO delivery_group (id, order_id, position, kind) SELECT id, id, 0, 'ship' FROM orders;
    INSERT INTO order_line (id, order_id, delivery_group_id, source_id, title, ordered, unit_price, unit_price_presentment,
                            needs_shipping)
      SELECT id, id, id, 'l', 'A thing', 2, 1, 1, true FROM orders;
    INSERT INTO line_part (id, order_id, order_line_id, item_id, per_unit, quantity) SELECT id, id, id, 1, 1, 2 FROM orders;
    INSERT INTO shipment (id, merchant_id, order_id, delivery_group_id, location_id, state, step)
      SELECT id, 1, id, id, 1, 'released', CASE WHEN id % 100 = 0 THEN 'label' END FROM orders;
    INSERT INTO allocation (line_part_id, shipment_id, quantity) SELECT id, id, 1 FROM orders;
    INSERT INTO backorder (order_id, line_part_id, item_id, quantity, wanted) SELECT id, id, 1, 1, 1 FROM orders WHERE id % 2 = 0;
    INSERT INTO parcel (id, shipment_id) SELECT id, id FROM shipment;
    INSERT INTO label_purchase (parcel_id, carrier_account_id, attempt_id, rate_id, state)
      SELECT id, 1, gen_random_uuid(), 'rate', 'bought' FROM parcel WHERE id % 40 = 0;
    INSERT INTO notice (order_id, kind, subject_id, step)
      SELECT id, 'shipment', id, CASE WHEN id % 100 = 0 THEN 'notify' END FROM orders;
    SELECT events_add(array_agg(id), array_agg('noted'::text)) FROM orders;`);
}

/* As many as a busy week has. */
test.before(async () => {
  schema = await Schema.open('statements');
  await grow(schema, 20000);
  await schema.admin.run('ANALYZE;');
  young = await Schema.open('statements_young');
});

for (const file of FILES) {
  test(`${file} can be prepared`, () => schema.db.run(`PREPARE statement AS ${text_of(file)};`));

  test(`the parameters of ${file} are numbered without a gap`, () => {
    const numbers = [...new Set([...without_comments(text_of(file)).matchAll(/\$(\d+)/g)].map((match) => Number(match[1])))];
    assert.deepStrictEqual(numbers.sort((a, b) => a - b), numbers.map((_, i) => i + 1));
  });
}

/* Of all statements but those of people's commands, which may look around; and but these, which are asked for a whole store or all roles. */
const WHOLE = new Set(['privacy_erase.sql', 'clock_publish.sql', 'clock_waiting.sql', 'work_free.sql']);
const HOT = FILES.filter((file) => !file.startsWith('cli_') && !WHOLE.has(file));

const VALUES = { bigint: '1', text: "'1'", boolean: 'true', 'bigint[]': "'{1,2,3}'", 'text[]': "'{1,2,3}'", 'boolean[]': "'{t,f,t}'",
  bytea: "'1'", 'bytea[]': "'{1,2,3}'" };

/* A value for each parameter, by the type it is cast to: "('{1,2,3}', '1')", or nothing. */
function values_for(sql) {
  const types = new Map([...without_comments(sql).matchAll(/\$(\d+)::(\w+(?:\[\])?)/g)].map((match) => [Number(match[1]), match[2]]));
  const values = [...types].sort(([a], [b]) => a - b).map(([, type]) => VALUES[type]);
  return values.length ? `(${values})` : '';
}

/* The workers' own. */
const [, PLANS] = /#define PLANS((?:.*\\\n)*.*)/.exec(fs.readFileSync(path.join(TOP, 'core', 'runtime', 'db_pool.c'), 'utf8'));
const SETTINGS = [...PLANS.matchAll(/-c (\w+)=(\w+)/g)].map(([, name, value]) => `SET ${name} = ${value};`).join(' ');

async function plan_of(sql, within = schema) {
  const printed = await within.db.run(`${SETTINGS} PREPARE statement AS ${sql}; EXPLAIN (FORMAT JSON) EXECUTE statement${values_for(sql)};`);
  return JSON.parse(printed)[0].Plan;
}

/*
 * The scans of a plan that read more the older a shop is, as "parcel by parcel_due". A statement that was given ids comes by them: it
 * reads no whole table or index, and not all that is due or open, for which the indexes on those are.
 */
const GROWING = /^(orders|shipment|allocation|order_line|line_part|backorder|delivery_group|parcel|label_purchase|notice|order_event|stock_move)$/;
const WAYS_IN = /_(due|open)$/;

function strays(plan) {
  const by = plan['Index Name'] || plan['Node Type'];
  const is_stray = GROWING.test(plan['Relation Name']) && /Scan$/.test(plan['Node Type'])
    && (/^Seq/.test(by) || WAYS_IN.test(by) || (plan['Index Name'] && !plan['Index Cond']));
  return [...(is_stray ? [`${plan['Relation Name']} by ${by}`] : []), ...(plan.Plans || []).flatMap(strays)];
}

for (const file of HOT) {
  test(`${file} finds its rows by key`, async () => assert.deepStrictEqual(strays(await plan_of(text_of(file))), []));
}

test('the audit finds its rows by key', async () => assert.deepStrictEqual(strays(await plan_of('SELECT * FROM audit_broken($1::bigint, $1::bigint)')), []));

test('the clock finds its rows by what is due, and this test can tell', async () => assert.deepStrictEqual(
  strays(await plan_of(`SELECT d.id FROM shipment AS d WHERE d.step = $1::text AND d.due_at <= now() AND NOT d.is_held
    ORDER BY d.due_at, d.id LIMIT 100 FOR NO KEY UPDATE SKIP LOCKED`)), ['shipment by shipment_due']));

test('this test can tell: without an index there is a scan', async () => {
  assert.deepStrictEqual(strays(await plan_of('SELECT id FROM orders WHERE note = $1::text')), ['orders by Seq Scan']);
});

/*
 * A plan may have been made for an empty table, or in the first minute, before anybody has analyzed it. (Of a table of a hundred rows
 * it may well read all: that is as good as any way, and the plan is made anew when autovacuum has seen the table grow.)
 */
for (const orders of [0, 2000]) {
  test(`with ${orders} orders and no statistics too, statements come by key`, async () => {
    if (orders) await grow(young, orders);
    const found = [];
    for (const file of HOT) found.push(...strays(await plan_of(text_of(file), young)).map((stray) => `${file}: ${stray}`));
    assert.deepStrictEqual(found, []);
  });
}

/* The plans of all that statements run, in functions and triggers too; only a superuser may see them. */
async function plans_within(database, statements) {
  const said = await database.notices(`LOAD 'auto_explain'; SET auto_explain.log_min_duration = 0; SET auto_explain.log_nested_statements = on;
    SET auto_explain.log_format = json; SET auto_explain.log_level = notice; SET client_min_messages = notice;
    ${SETTINGS} BEGIN; ${statements} ROLLBACK;`);
  return [...said.matchAll(/plan:\n(\{[\s\S]*?\n\})/g)].map((match) => JSON.parse(match[1]));
}

/* What the functions and triggers do that every order passes through. */
const WITHIN = {
  'a shipment that leaves': 'SELECT * FROM shipments_ship(ARRAY[1, 2, 3]);',
  'units that are promised': `INSERT INTO shipment (id, merchant_id, order_id, delivery_group_id, location_id) VALUES (100001, 1, 3, 3, 1);
     INSERT INTO allocation (line_part_id, shipment_id, quantity) VALUES (3, 100001, 1);`,
  'units that are taken back': 'DELETE FROM allocation WHERE shipment_id = 3;',
  'a receipt': "INSERT INTO stock_move (item_id, location_id, delta, kind) VALUES (1, 1, 5, 'receive');",
  'a hold and its end': `INSERT INTO hold (order_id, kind, reason) VALUES (3, 'store', 'x');
     UPDATE hold SET cleared_by = 'x', cleared_at = now() WHERE order_id = 3;`,
  'a line that loses units': 'UPDATE order_line SET cancelled = 1 WHERE id = 3;',
  events: "SELECT events_add('{1,2}', '{noted,noted}');",
};

for (const [what, sql] of Object.entries(WITHIN)) {
  test(`with many orders and no statistics, ${what} comes by key`, async () => {
    const plans = await plans_within(young.admin, sql);
    assert.ok(plans.length > 0);
    assert.deepStrictEqual(plans.flatMap((plan) => strays(plan.Plan).map((stray) => `${stray} in ${plan['Query Text']}`)), []);
  });
}
