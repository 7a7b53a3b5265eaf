'use strict';

/*
 * How fast this machine is just now: orders per second of ceiling.sql, on the servers the bench runs on. Machines, and one
 * machine at two hours of a day, differ by more than two; Waybill's orders per second divided by these differ much less.
 */

const path = require('path');
const { run } = require('../lib');

const SCRIPT = path.join(__dirname, 'ceiling.sql');
const ORDERS = 100; /* of one run of the script */
const CLIENTS = 4;
const RUNS = 40; /* of each client */

const TABLES = `
  DROP SCHEMA IF EXISTS thin CASCADE;
  CREATE SCHEMA thin;
  CREATE TABLE thin.orders (id bigint PRIMARY KEY, name text, state text, address text) WITH (fillfactor = 80);
  CREATE TABLE thin.line (order_id bigint, nth int, item bigint, quantity int, title text, PRIMARY KEY (order_id, nth));
  CREATE TABLE thin.stock (id bigint PRIMARY KEY, on_hand bigint, allocated bigint) WITH (fillfactor = 50);
  CREATE TABLE thin.shipment (order_id bigint, nth int, state text, tracking text, PRIMARY KEY (order_id, nth)) WITH (fillfactor = 60);
  CREATE TABLE thin.allocation (order_id bigint, shipment int, line int, quantity int, PRIMARY KEY (order_id, line));
  CREATE TABLE thin.label (order_id bigint, shipment int, bytes text, PRIMARY KEY (order_id, shipment));
  CREATE TABLE thin.event (order_id bigint, seq int, at timestamptz, kind text, PRIMARY KEY (order_id, seq));
  INSERT INTO thin.stock SELECT n, 1000000000, 0 FROM generate_series(1, 1000) AS n;`;

/* url: of a database's superuser; orders per second. */
async function ceiling(admin, url) {
  await admin.run(TABLES);
  const { code, stdout, stderr } = await run('pgbench', ['--no-vacuum', '--protocol=prepared', '-f', SCRIPT, '-D', 'n=0',
    '-c', String(CLIENTS), '-t', String(RUNS), url], { deadline_ms: 120000 });
  const rate = /^tps = ([\d.]+)/m.exec(stdout);
  if (code !== 0 || !rate) throw new Error(`pgbench ended with ${code}: ${stderr}`);
  await admin.run('DROP SCHEMA thin CASCADE;');
  return ORDERS * Number(rate[1]);
}

module.exports = { ceiling };
