'use strict';

/*
 * Time as a quiet machine would count it. Where more programs want to run than there are cores, or the host of a virtual
 * machine takes some of them away, everything takes longer, and so do the deadlines of tests: a busy machine makes a test
 * slower, not red.
 */

const fs = require('fs');
const os = require('os');

const SLOWEST = 10; /* a test that hangs ends all the same */
const STEAL = 7; /* among the counters of /proc/stat's first line */

/* What the kernel says: programs that run or want to, and the ticks of all cores so far, with those taken away. */
function read_load() {
  const text = fs.readFileSync('/proc/stat', 'latin1');
  const count = (name) => Number(new RegExp(`^${name} (\\d+)$`, 'm').exec(text)[1]);
  const ticks = /^cpu +(.*)$/m.exec(text)[1].split(' ').map(Number);
  return {
    wanting: count('procs_running') + count('procs_blocked'),
    ticks: ticks.slice(0, STEAL + 1).reduce((sum, n) => sum + n, 0),
    stolen: ticks[STEAL],
  };
}

/* How many times slower than a quiet machine this one was between two looks. */
function pace(before, now, cores = os.cpus().length) {
  const ticks = now.ticks - before.ticks;
  const left = ticks > 0 ? 1 - (now.stolen - before.stolen) / ticks : 1;
  return Math.min(SLOWEST, Math.max(1, now.wanting / cores) / Math.max(left, 1 / SLOWEST));
}

class Stopwatch {
  constructor() {
    this.quiet_ms = 0;
    this.at = Date.now();
    this.load = read_load();
  }

  /* Milliseconds since the start, of a quiet machine; the more often it is asked, the better it knows. */
  elapsed_ms() {
    const [at, load] = [Date.now(), read_load()];
    this.quiet_ms += (at - this.at) / pace(this.load, load);
    [this.at, this.load] = [at, load];
    return this.quiet_ms;
  }
}

module.exports = { Stopwatch, pace };
