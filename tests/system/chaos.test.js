'use strict';

/*
 * The story of the demo, while workers of every role are killed again and again and the broker
 * loses everything in the middle: the books at the end are the same.
 */

const test = require('node:test');
const assert = require('assert');
const { House, until } = require('../lib');
const { check_books } = require('../demo/books');
const { Fleet, UNITS } = require('../demo/fleet');
const { make_mix } = require('../demo/mix');
const { Story } = require('../demo/story');
const { random_source } = require('../sim/lib/random');

const ORDERS = 80;
const SEED = Number(process.env.SEED || 1);
const STORY_MS = 75000;
const KILLS_AFTER_WIPE = 25;

const CONF = {
  clock: { wait_s: 1, again_s: 2, interval_ms: 200, reconcile_s: 2, reconcile_overlap_s: 600 },
  labels: { grace_s: 2 }, /* the carrier here shows a purchase at once */
};

let house;

test.before(async () => {
  process.env.WAYBILL_TESTING = '1';
  house = await House.open('chaos', { servers: 'test-chaos', simulators: true, conf: CONF });
});

test.after(async () => {
  await house.close();
  await house.servers.stop();
});

/* Kills one program after the other, of every role in turn, at a moment that chance picks. */
class Killer {
  constructor(story, fleet, random) {
    this.story = story;
    this.fleet = fleet;
    this.random = random;
    this.units = [...Object.keys(UNITS), 'gateway', 'clock'];
    this.kills = 0;
    this.is_over = false;
  }

  async kill_until(is_enough) {
    while (!is_enough() && !this.is_over) {
      const unit = this.units[this.kills % this.units.length];
      const turns = this.story.turns + Math.floor(this.random() * 3);
      await until('the story to go on', () => this.is_over || this.story.turns >= turns, STORY_MS);
      await this.fleet.program(unit).kill();
      this.fleet.start(unit);
      this.kills += 1;
    }
  }
}

test('kills at any time and a broker wiped in the middle change nothing in the books', async () => {
  const mix = make_mix(ORDERS, SEED);
  const story = new Story(house, mix, { chunk: 2 });
  await story.open_shop({ duplicate: 0.1, drop: 0.05, reverse: 0.1, retry_ms: [100, 200, 400, 800, 1600, 3200] });
  const fleet = await Fleet.start(house);
  const killer = new Killer(story, fleet, random_source(SEED));
  const story_ends = story.sell().then(() => story.finish(STORY_MS));
  const told = story_ends.finally(() => { killer.is_over = true; });
  told.catch(() => {});
  await killer.kill_until(() => story.sold >= mix.length / 2);
  const fulfilled = await house.db.value("SELECT count(*) FROM orders WHERE state = 'fulfilled'");
  const since = new Date().toISOString();
  await house.wipe_broker();
  await house.waybill('requeue', '--after-wipe', '--since', since);
  const before = killer.kills;
  await killer.kill_until(() => killer.kills === before + KILLS_AFTER_WIPE);
  await told;
  assert.ok(fulfilled > 0 && fulfilled < mix.length * 0.6, `the broker was wiped when ${fulfilled} orders were done`);
  assert.ok(before >= 10, `only ${before} kills before the wipe`);
  assert.ok(killer.kills >= before + 10, `only ${killer.kills - before} kills after the wipe`);
  const books = await check_books(story, { mails_may_repeat: true });
  assert.deepStrictEqual(books.wrong, []);
  assert.deepStrictEqual(fleet.ended(), []);
});
