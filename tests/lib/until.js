'use strict';

/*
 * The one place where a test waits for the world: nothing else in the tests sets a timer. Deadlines are those of a quiet
 * machine (pace.js).
 */

const { Stopwatch } = require('./pace');

const INTERVAL_MS = 25;

/* Time passes. For what goes in turns; a test waits for an event. */
const pass = (ms) => new Promise((resolve) => { setTimeout(resolve, ms); });

/*
 * Calls check() until it returns something true, and returns that. An error counts as "not yet".
 * After the deadline it throws, naming what was waited for and what was last seen. push() is called between two checks: it
 * hurries what is waited for.
 */
async function until(what, check, deadline_ms = 10000, push = () => {}) {
  const watch = new Stopwatch();
  for (;;) {
    let seen;
    try {
      seen = await check();
      if (seen) return seen;
    } catch (error) {
      seen = error;
    }
    if (watch.elapsed_ms() >= deadline_ms) {
      const last = seen instanceof Error ? seen.message : JSON.stringify(seen);
      throw new Error(`waited ${deadline_ms} ms for ${what}; last seen: ${last}`);
    }
    await push();
    await pass(INTERVAL_MS);
  }
}

/* Rejects if the promise is not settled in time. */
async function within(what, promise, deadline_ms = 10000) {
  let settled = false;
  const outcome = promise.finally(() => { settled = true; });
  outcome.catch(() => {});
  await until(what, () => settled, deadline_ms);
  return outcome;
}

module.exports = { pass, until, within };
