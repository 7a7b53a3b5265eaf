'use strict';

/* The programs of an installation: a worker for each role, two for those that wait for others most. */

const { free_port } = require('../lib');

const UNITS = {
  'ingest@1': ['ingest'],
  'route@1': ['route'], 'route@2': ['route'],
  'rate@1': ['rate'], 'rate@2': ['rate'],
  'label@1': ['label'], 'label@2': ['label'],
  'fulfill@1': ['fulfill'],
  'notify@1': ['notify'],
  'rest@1': ['reconcile', 'renew', 'release', 'erase', 'dead'],
};

const METERED = 'route@1'; /* the unit that serves its metrics */

class Fleet {
  static async start(house) {
    return new Fleet(house, `127.0.0.1:${await free_port()}`);
  }

  /* metrics: the address where one of the units serves them */
  constructor(house, metrics) {
    this.house = house;
    this.metrics = metrics;
    this.running = new Map();
    for (const unit of [...Object.keys(UNITS), 'gateway', 'clock']) this.start(unit);
  }

  /* Starts a unit, or starts it again. */
  start(unit) {
    const metrics = unit === METERED ? ['--metrics', this.metrics] : [];
    const started = UNITS[unit] ? this.house.start('waybill-worker', '--unit', unit, ...metrics, ...UNITS[unit])
      : this.house.start(`waybill-${unit}`);
    this.running.set(unit, started);
  }

  program(unit) {
    return this.running.get(unit);
  }

  /* Programs that ended by themselves: there must be none. */
  ended() {
    return [...this.running].filter(([, program]) => !program.is_running)
      .map(([unit, program]) => `${unit} ended (${program.outcome}): ${program.log.trim().split('\n').pop()}`);
  }

  /* [unit, bytes] of each. */
  memory() {
    return [...this.running].filter(([, program]) => program.is_running)
      .map(([unit, program]) => [unit, program.rss_bytes()]);
  }
}

module.exports = { Fleet, UNITS };
