'use strict';

/*
 * The story of the demo while calls fail inside the programs: a seed decides which, and the books at the end are the same.
 *
 *   const scene = await Scene.open('faults', { orders: 20, seed: 1, faults: [FAULTS.send] });
 *   const found = await scene.play();      {wrong: [], lost: ..., dead: [...], restarts: 3, ...}
 *   await scene.close();
 *
 * A fault is {name, where, env(random)}: what a unit gets into its environment at each start. So each life of each program has an
 * n of its own. Programs that end are started again, as systemd does it.
 */

const fs = require('fs');
const path = require('path');
const { CommitProxy, House, pass, preload } = require('../lib');
const { check_books } = require('../demo/books');
const { Fleet } = require('../demo/fleet');
const { make_mix } = require('../demo/mix');
const { Story } = require('../demo/story');
const { random_source } = require('../sim/lib/random');

const RESTART_MS = 200;
const LOOK_MS = 100;
const LOST_COMMITS = 0.04;
const CONF = {
  clock: { wait_s: 1, again_s: 2, interval_ms: 200, reconcile_s: 3, reconcile_overlap_s: 600 },
  labels: { grace_s: 2 }, /* the carrier here shows a purchase at once */
};
const ERRNO = { EIO: 5, ENOMEM: 12, ENOSPC: 28, ECONNRESET: 104, ENOBUFS: 105 };

/* Periods: `every` as found to hurt, or one that chance picks between the two, small ones as likely as large ones. */
const CALLS = {
  send: { errors: ['ENOBUFS', 'ECONNRESET'], every: { workers: 40, gateway: 25 }, between: [25, 400] },
  recv: { errors: ['ECONNRESET', 'EIO'], every: { workers: 60, gateway: 25 }, between: [25, 600] },
  write: { errors: ['ENOSPC', 'EIO'], every: { workers: 25, gateway: 25 }, between: [2, 100] },
  malloc: { errors: ['ENOMEM'], every: { workers: 20000, gateway: 5000 }, between: [3000, 100000] },
};

function pick(random, list) {
  return list[Math.floor(random() * list.length)];
}

function period(random, [least, most]) {
  return Math.round(least * (most / least) ** random());
}

/* The environment of a program in which calls of this name fail; without `every` chance picks n. */
function failing(call, random, every, tally) {
  const error = pick(random, CALLS[call].errors);
  return { ...preload('fail'), WAYBILL_FAILS: tally, WAYBILL_FAIL: `${call}:${every || period(random, CALLS[call].between)}:${ERRNO[error]}` };
}

class Scene {
  /*
   * calls: names of CALLS, or "commit"; each life of a program has one of them. is_fixed: with the period known to hurt.
   * where: "workers", "gateway" or both.
   */
  static async open(name, { calls, is_fixed = false, where = ['workers', 'gateway'], orders = 100, seed = 1 }) {
    process.env.WAYBILL_TESTING = '1';
    const scene = new Scene();
    scene.random = random_source(seed);
    scene.calls = calls;
    scene.where = where;
    scene.is_fixed = is_fixed;
    scene.house = await House.open(name, { simulators: true, conf: CONF });
    if (calls.includes('write')) scene.keep_labels_in_files(); /* all else that writes files is libc itself */
    scene.story = new Story(scene.house, make_mix(orders, seed), { chunk: 6 });
    await scene.story.open_shop({ duplicate: 0.1, drop: 0.03, reverse: 0.1, retry_ms: [100, 300, 1000, 2000, 4000] });
    if (calls.includes('commit')) {
      scene.proxy = await CommitProxy.open(scene.house);
      scene.proxy.loses = () => scene.random() < LOST_COMMITS;
    }
    scene.tally = path.join(scene.house.dir, 'fails');
    fs.writeFileSync(scene.tally, '');
    scene.ends = {};
    scene.restarts = 0;
    scene.break_calls();
    scene.fleet = await Fleet.start(scene.house);
    scene.revive();
    return scene;
  }

  keep_labels_in_files() {
    const store = path.join(this.house.dir, 'labels');
    fs.mkdirSync(store);
    this.house.write_conf({ ...CONF, labels: { ...CONF.labels, store } });
  }

  break_calls() {
    const conf = this.house.env_of;
    this.house.env_of = (program, args) => {
      const side = program === 'waybill-gateway' ? 'gateway' : 'workers';
      const call = pick(this.random, this.calls);
      const env = conf(program, args);
      if (!this.where.includes(side) || !CALLS[call]) return env;
      return { ...env, ...failing(call, this.random, this.is_fixed && CALLS[call].every[side], this.tally) };
    };
    this.mend_calls = () => { this.house.env_of = conf; };
  }

  /* As systemd would. */
  revive() {
    this.watch = setInterval(() => {
      for (const [unit, program] of this.fleet.running) {
        if (program.is_running || program.is_missed) continue;
        program.is_missed = true;
        this.restarts++;
        const why = `${program.outcome} ${(/reason=.*|error=.*/.exec(program.log.trim().split('\n').pop()) || [''])[0]}`.slice(0, 120).replace(/\d+/g, 'N');
        this.ends[why] = (this.ends[why] || 0) + 1;
        setTimeout(() => { if (!this.house.is_closed && this.fleet.program(unit) === program) this.fleet.start(unit); }, RESTART_MS);
      }
    }, LOOK_MS);
  }

  /*
   * What people do, who do it again when it did not work. Time is the wall's: what takes longer is told, and cured later. In a
   * hurry nothing waits for its next attempt.
   */
  async finish(limit_ms, { hurry = false } = {}) {
    const end = Date.now() + limit_ms;
    let failure = new Error('not done in time');
    while (Date.now() < end) {
      try {
        if (hurry) await this.house.hurry();
        await this.story.turn();
        if (await this.story.is_over()) return '';
        failure = new Error(`not done after ${limit_ms / 1000} s: ${JSON.stringify(this.story.now)}`);
      } catch (error) {
        failure = error;
      }
      await pass(LOOK_MS);
    }
    return failure.message;
  }

  /* Nothing fails any more, for programs that are started anew. */
  async calm() {
    clearInterval(this.watch);
    this.mend_calls();
    this.commits_lost = this.proxy ? this.proxy.lost : 0;
    if (this.proxy) this.proxy.calm();
    for (const [unit, program] of [...this.fleet.running]) {
      if (program.is_running) await program.stop().catch(() => program.kill());
      this.fleet.start(unit);
    }
  }

  /* Sells and ships all of it. What is not done after fault_ms, or is a dead letter, must be cured by calm_ms without faults. */
  async play({ fault_ms = 30000, calm_ms = 30000 } = {}) {
    const began = Date.now();
    await this.story.sell();
    const late = await this.finish(fault_ms);
    const dead = await this.house.db.rows("SELECT fingerprint, min(role) AS role, min(error) AS error, count(*)::int AS n FROM dead_letter WHERE state = 'open' GROUP BY 1");
    if (late || dead.length) await this.calm();
    for (const { fingerprint } of dead) await this.house.try_waybill(['dead', 'retry', fingerprint]); /* the books tell */
    const stuck = late || dead.length ? await this.finish(calm_ms, { hurry: true }) : '';
    const { wrong, mails } = await check_books(this.story, { mails_may_repeat: true });
    const ids = mails.map((mail) => mail.message_id);
    return {
      orders: this.story.sold, seconds: Math.round((Date.now() - began) / 1000), failed_calls: fs.statSync(this.tally).size, restarts: this.restarts, ends: this.ends, dead,
      commits_lost: (this.commits_lost || 0) + (this.proxy ? this.proxy.lost : 0), is_late: Boolean(late), mails_twice: ids.length - new Set(ids).size,
      wrong: stuck ? [stuck, ...wrong] : wrong,
    };
  }

  async close() {
    clearInterval(this.watch);
    await this.house.close();
    if (this.proxy) this.proxy.close();
  }
}

module.exports = { CALLS, Scene };
