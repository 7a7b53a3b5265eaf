'use strict';

/*
 * Orders per second through ingest, route, rate, label and fulfill, with a store and a carrier that
 * answer at once (connectors/null), on durable servers of their own. docs/performance.md says what is
 * measured and why so.
 *
 *   node tests/bench/run.js [N=5000] [R=3] [SPLIT=50] [CONFIGURATION...]
 */

const fs = require('fs');
const path = require('path');
const { pass, run, TOP, until } = require('../lib');
const { ceiling } = require('./ceiling');
const { cpu_seconds, rss_high_bytes, server_pid } = require('./usage');
const { open_world } = require('./world');

const ROLES = ['ingest', 'route', 'rate', 'label', 'fulfill'];

/* A list of worker processes each; the roles of one. */
const CONFIGURATIONS = {
  one: [ROLES],
  two: [ROLES, ROLES],
};

const DEADLINE_MS = 300000;
const RESULTS = path.join(TOP, 'build', 'bench', 'results.tsv');

const median = (values) => {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
};

/*
 * Asks now and then, in short transactions: one that stays open keeps PostgreSQL from pruning, and what is measured gets slower. While
 * something is due the indexes tell.
 */
const ALL_DONE = (orders) => `SET enable_seqscan = off;
  SELECT NOT EXISTS (SELECT FROM orders WHERE step IS NOT NULL) AND NOT EXISTS (SELECT FROM shipment WHERE step IS NOT NULL)
    AND (SELECT count(*) FROM orders WHERE state = 'fulfilled') = ${orders};`;

async function all_done(house, orders) {
  await pass(250);
  return await house.admin.run(ALL_DONE(orders)) === 't';
}

/* What must hold when nothing was lost and nothing done twice; the names of what does not. */
async function wrong(house, orders, shipments) {
  const checks = await house.admin.row(`SELECT
    (SELECT count(*) FROM orders WHERE state = 'fulfilled' AND step IS NULL) = ${orders} AS orders,
    (SELECT count(*) FROM shipment WHERE state = 'shipped' AND source_id IS NOT NULL) = ${shipments}
      AS shipments,
    (SELECT count(*) FROM label_purchase WHERE state = 'bought') = ${shipments}
      AND (SELECT count(*) FROM label_purchase) = ${shipments} AS labels,
    (SELECT count(*) FROM order_event WHERE kind = 'told_store') = ${shipments} AS events,
    NOT EXISTS (SELECT 1 FROM audit_broken(0, 9223372036854775807)) AS chain,
    NOT EXISTS (SELECT 1 FROM stock AS s WHERE s.allocated <> 0 OR s.on_hand <> (SELECT sum(m.delta)
      FROM stock_move AS m WHERE m.item_id = s.item_id AND m.location_id = s.location_id)) AS stock,
    (SELECT -sum(delta) FROM stock_move WHERE kind = 'ship') = ${4 * orders} AS units`);
  return Object.keys(checks).filter((name) => !checks[name]);
}

async function measure(name, orders, split) {
  const house = await open_world('bench');
  try {
    const start = (roles, i) => house.start('waybill-worker', '--unit', `bench@${i}`, ...roles);
    const workers = CONFIGURATIONS[name].map(start);
    await Promise.all(workers.map((w) => w.prints('event=ready')));
    for (const w of workers) w.child.kill('SIGSTOP');
    await house.fill(orders, split);
    const usage = () => ({
      workers: workers.reduce((sum, w) => sum + cpu_seconds(w.pid), 0),
      postgres: cpu_seconds(server_pid('bench', 'postgres')),
      broker: cpu_seconds(server_pid('bench', 'broker')),
    });
    const before = usage();
    for (const w of workers) w.child.kill('SIGCONT');
    await until(`${orders} orders to be fulfilled`, () => all_done(house, orders), DEADLINE_MS);
    const after = usage();
    const seconds = Number(await house.admin.value(`SELECT extract(epoch FROM max(at) FILTER (WHERE kind = 'told_store')
      - min(at) FILTER (WHERE kind = 'received')) FROM order_event`));
    const result = { name, orders, split, seconds, rate: orders / seconds };
    for (const part of Object.keys(after)) result[part] = 1000 * (after[part] - before[part]) / orders;
    result.rss = workers.reduce((sum, w) => sum + rss_high_bytes(w.pid), 0) / (1 << 20);
    result.ceiling = await ceiling(house.admin, house.urls.WAYBILL_ADMIN_URL);
    result.wrong = await wrong(house, orders, orders + Math.floor(orders * split / 100));
    return result;
  } finally {
    await house.close();
  }
}

function keep(result) {
  const columns = ['name', 'orders', 'split', 'seconds', 'rate', 'workers', 'postgres', 'broker', 'rss', 'ceiling', 'wrong'];
  fs.mkdirSync(path.dirname(RESULTS), { recursive: true });
  if (!fs.existsSync(RESULTS)) fs.writeFileSync(RESULTS, `at\tcommit\t${columns.join('\t')}\n`);
  const line = columns.map((c) => (typeof result[c] === 'number' ? Number(result[c].toFixed(3)) : String(result[c])));
  fs.appendFileSync(RESULTS, `${new Date().toISOString()}\t${result.commit}\t${line.join('\t')}\n`);
}

function print_table(results) {
  const names = [...new Set(results.map((r) => r.name))];
  const rows = names.map((name) => {
    const mine = results.filter((r) => r.name === name);
    const of = (field) => median(mine.map((r) => r[field]));
    return {
      name,
      rate: of('rate'),
      share: median(mine.map((r) => r.rate / r.ceiling)),
      cells: [`${Math.min(...mine.map((r) => r.rate)).toFixed(0)}-${Math.max(...mine.map((r) => r.rate)).toFixed(0)}`,
        of('workers').toFixed(2), of('postgres').toFixed(2), of('broker').toFixed(2), of('rss').toFixed(0),
        mine.every((r) => r.wrong.length === 0) ? 'yes' : `NO: ${[...new Set(mine.flatMap((r) => r.wrong))]}`],
    };
  });
  console.log('| processes | orders/s | of SQL alone | range | worker ms/order | PostgreSQL ms/order | broker ms/order '
    + '| workers RSS MiB | exact |');
  console.log('|---|---|---|---|---|---|---|---|---|');
  for (const { name, rate, share, cells } of rows) {
    console.log(`| ${[name, rate.toFixed(0), share.toFixed(2), ...cells].join(' | ')} |`);
  }
}

async function main() {
  const settings = { N: '5000', R: '3', SPLIT: '50' };
  const names = [];
  for (const arg of process.argv.slice(2)) {
    const set = /^(N|R|SPLIT)=(\d+)$/.exec(arg);
    if (set) settings[set[1]] = set[2];
    else if (CONFIGURATIONS[arg]) names.push(arg);
    else throw new Error(`neither N=, R=, SPLIT= nor one of ${Object.keys(CONFIGURATIONS)}: ${arg}`);
  }
  const commit = (await run('git', ['rev-parse', '--short', 'HEAD'])).stdout.trim();
  const results = [];
  for (let repetition = 0; repetition < Number(settings.R); repetition++) {
    for (const name of names.length ? names : Object.keys(CONFIGURATIONS)) {
      const result = await measure(name, Number(settings.N), Number(settings.SPLIT));
      result.commit = commit;
      keep(result);
      results.push(result);
      console.error(`${name}: ${result.rate.toFixed(0)} orders/s, SQL alone ${result.ceiling.toFixed(0)} ${result.wrong.length ? `WRONG: ${result.wrong}` : ''}`);
    }
  }
  console.log(`${settings.N} orders of 3 lines, ${settings.SPLIT}% of them in two shipments;`
    + ` medians of ${settings.R} runs`);
  print_table(results);
  if (results.some((r) => r.wrong.length)) process.exitCode = 1;
}

main().catch((error) => {
  console.error(`bench: ${error.message}`);
  process.exitCode = 1;
});
