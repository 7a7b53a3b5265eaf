'use strict';

/*
 * Jobs of which their worker dies, and somebody who starts it again.
 *
 *   const keeper = new Keeper(house, { text: 'POISON', peer: 'unix' }, '--unit', 'route@1', 'route');
 *   ...
 *   keeper.deaths
 *   await keeper.stop();
 *
 * A process that sends the text to its peer (a TCP port, or any Unix socket: the database), or gets it from there, is killed by
 * itself with SIGKILL, in the middle of whatever it does: tests/lib/poison.c, preloaded.
 */

const { execFileSync } = require('child_process');
const fs = require('fs');
const path = require('path');
const { TOP } = require('./process');
const { until } = require('./until');

const LIBRARY = path.join(TOP, 'build', 'tests', 'poison.so');

function library() {
  const own = `${LIBRARY}.${process.pid}`;
  execFileSync(process.env.CC || 'cc', ['-D_GNU_SOURCE', '-shared', '-fPIC', '-o', own, path.join(__dirname, 'poison.c'), '-ldl']);
  fs.renameSync(own, LIBRARY);
  return LIBRARY;
}

class Keeper {
  constructor(house, { text, peer }, ...args) {
    this.house = house;
    this.args = args;
    this.env = { LD_PRELOAD: library(), POISON: text, POISON_PEER: String(peer), ASAN_OPTIONS: 'verify_asan_link_order=0' };
    this.deaths = 0;
    this.log = '';
    this.start();
  }

  start() {
    const program = this.house.start_in(this.env, 'waybill-worker', ...this.args);
    this.program = program;
    program.ended.then((outcome) => {
      this.log += program.log;
      if (this.is_over) return;
      if (outcome === 'SIGKILL') this.deaths += 1;
      this.start();
    });
  }

  /* From without, as an operator does it. */
  async kill() {
    const { program } = this;
    await program.kill();
    this.deaths -= 1;
  }

  async stop() {
    this.is_over = true;
    return this.program.stop();
  }
}

const suspects = (world) => world.db.rows('SELECT role, key, tries FROM suspect ORDER BY role, key');

/* Nobody waits for the next try: its time has come long ago. */
const hurry = (world) => world.owner.run(`UPDATE suspect SET tried_at = tried_at - interval '5 minutes' WHERE tries > 0;
  ${['orders', 'shipment', 'notice', 'store'].map((table) => `UPDATE ${table} SET due_at = now(), published_at = NULL
    WHERE step IS NOT NULL AND lease IS NULL AND error IS NOT NULL AND due_at > now() AND due_at < 'infinity';`).join('\n')}`);

/* until(), with suspects in a hurry */
const soon_tried = (world, what, check) => until(what, async () => {
  const seen = await Promise.resolve().then(check).catch((error) => error);
  if (!seen || seen instanceof Error) await hurry(world);
  if (seen instanceof Error) throw seen;
  return seen;
}, 60000);

module.exports = { Keeper, soon_tried, suspects };
