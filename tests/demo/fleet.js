'use strict';

/* The programs of an installation: a worker for each role, two for those that wait for others most. */

const UNITS = {
  'ingest@1': ['ingest'],
  'route@1': ['route'], 'route@2': ['route'],
  'rate@1': ['rate'], 'rate@2': ['rate'],
  'label@1': ['label'], 'label@2': ['label'],
  'fulfill@1': ['fulfill'],
  'notify@1': ['notify'],
  'rest@1': ['reconcile', 'renew', 'release', 'dead'],
};

class Fleet {
  constructor(house) {
    this.house = house;
    this.workers = new Map();
    for (const unit of Object.keys(UNITS)) this.start(unit);
    this.gateway = house.start('waybill-gateway');
    this.clock = house.start('waybill-clock');
  }

  start(unit) {
    this.workers.set(unit, this.house.start('waybill-worker', '--unit', unit, ...UNITS[unit]));
  }

  get programs() {
    return [...this.workers, ['gateway', this.gateway], ['clock', this.clock]];
  }

  /* Programs that ended by themselves: there must be none. */
  ended() {
    return this.programs.filter(([, program]) => !program.is_running)
      .map(([name, program]) => `${name} ended (${program.outcome}): ${program.log.trim().split('\n').pop()}`);
  }

  /* [name, bytes] of each. */
  memory() {
    return this.programs.filter(([, program]) => program.is_running)
      .map(([name, program]) => [name, program.rss_bytes()]);
  }
}

module.exports = { Fleet, UNITS };
