'use strict';

/*
 * What a whole fleet uses that has nothing to do (CPU of each process in a minute, memory), and how much
 * memory its workers take while a hundred thousand orders wait.
 *
 *   node tests/bench/idle.js [SECONDS=60] [WAITING=100000]
 */

const { pass } = require('../lib');
const { cpu_seconds, rss_bytes, rss_high_bytes } = require('./usage');
const { open_world } = require('./world');

const ROLES = ['ingest', 'reconcile', 'renew', 'route', 'release', 'rate', 'label', 'fulfill', 'notify', 'erase', 'dead'];
const UNDER_LOAD_MS = 20000;
const CPU_MOST = 0.002; /* of one core: what cannot be measured */
const RSS_MOST = 64 << 20;

const mib = (bytes) => (bytes / (1 << 20)).toFixed(1);

async function main() {
  const settings = { SECONDS: '60', WAITING: '100000' };
  for (const arg of process.argv.slice(2)) {
    const set = /^(SECONDS|WAITING)=(\d+)$/.exec(arg);
    if (!set) throw new Error(`neither SECONDS= nor WAITING=: ${arg}`);
    settings[set[1]] = set[2];
  }
  const seconds = Number(settings.SECONDS);
  const house = await open_world('bench_idle');
  try {
    const workers = ROLES.map((role) => house.start('waybill-worker', '--unit', `${role}@1`, role));
    const others = [house.start('waybill-gateway'), house.start('waybill-clock')];
    await Promise.all(workers.map((w) => w.prints('event=ready')));
    await pass(2000);
    const fleet = [...workers.map((w, i) => ({ name: ROLES[i], pid: w.pid, is_worker: true })),
      ...others.map((p) => ({ name: p.name, pid: p.pid }))];
    for (const p of fleet) p.cpu = cpu_seconds(p.pid);
    await pass(1000 * seconds);
    for (const p of fleet) {
      p.cpu = cpu_seconds(p.pid) - p.cpu;
      p.idle = rss_bytes(p.pid);
    }
    await house.fill(Number(settings.WAITING), 50);
    await pass(UNDER_LOAD_MS);
    const done = Number(await house.admin.value("SELECT count(*) FROM orders WHERE state = 'fulfilled'"));
    for (const p of fleet) p.high = rss_high_bytes(p.pid);
    console.log(`CPU in ${seconds} s without work; memory without work, and at most with ${settings.WAITING} orders in`
      + ` the queue (of which ${done} were done)`);
    console.log('| process | CPU ms | RSS idle MiB | RSS at most MiB |');
    console.log('|---|---|---|---|');
    for (const p of fleet) console.log(`| ${p.name} | ${Math.round(1000 * p.cpu)} | ${mib(p.idle)} | ${mib(p.high)} |`);
    const bad = fleet.filter((p) => p.cpu > CPU_MOST * seconds || (p.is_worker && p.high > RSS_MOST));
    if (bad.length) throw new Error(`too much: ${bad.map((p) => p.name)}`);
  } finally {
    await house.close();
  }
}

main().catch((error) => {
  console.error(`bench: ${error.message}`);
  process.exitCode = 1;
});
