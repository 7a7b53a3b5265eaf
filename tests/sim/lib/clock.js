'use strict';

/*
 * The simulators' time: the real clock, plus what a test has skipped. Token expiry, buckets and
 * timestamps all read it, so that a test moves time instead of sleeping.
 */

class Clock {
  constructor() {
    this.skipped_ms = 0;
  }

  now() {
    return Date.now() + this.skipped_ms;
  }

  advance(ms) {
    if (!Number.isFinite(ms) || ms < 0) throw new RangeError('the clock only moves forward');
    this.skipped_ms += ms;
  }
}

module.exports = { Clock };
