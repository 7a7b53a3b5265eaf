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
 * itself with SIGKILL, in the middle of whatever it does: tests/preload/poison.c.
 */

const { preload } = require('./process');
const { until } = require('./until');

class Keeper {
  constructor(house, { text, peer }, ...args) {
    this.house = house;
    this.args = args;
    this.env = { ...preload('poison'), POISON: text, POISON_PEER: String(peer) };
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

/* until(), and nobody waits for the next try: its time has come long ago. */
const soon_tried = (world, what, check) => until(what, check, 60000, async () => {
  await world.owner.run("UPDATE suspect SET tried_at = tried_at - interval '5 minutes' WHERE tries > 0;");
  await world.house.hurry();
});

module.exports = { Keeper, soon_tried, suspects };
