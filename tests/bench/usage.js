'use strict';

/* What processes have used, from /proc. */

const fs = require('fs');
const path = require('path');
const { TOP } = require('../lib');

const TICKS_PER_SECOND = 100;

function children(pid) {
  const all = [];
  for (const task of fs.readdirSync(`/proc/${pid}/task`)) {
    const list = fs.readFileSync(`/proc/${pid}/task/${task}/children`, 'utf8').split(' ').filter(Boolean);
    all.push(...list.map(Number));
  }
  return all;
}

/* User and system time of a process, of those below it, and of those that have ended below it. */
function cpu_seconds(pid) {
  try {
    const fields = fs.readFileSync(`/proc/${pid}/stat`, 'utf8').replace(/^.*\) /s, '').split(' ').map(Number);
    const own = (fields[11] + fields[12] + fields[13] + fields[14]) / TICKS_PER_SECOND;
    return children(pid).reduce((sum, child) => sum + cpu_seconds(child), own);
  } catch {
    return 0; /* it ended meanwhile; its parent has its time */
  }
}

function status_bytes(pid, field) {
  const found = new RegExp(`^${field}:\\s+(\\d+)`, 'm').exec(fs.readFileSync(`/proc/${pid}/status`, 'utf8'));
  return 1024 * Number(found[1]);
}

const rss_bytes = (pid) => status_bytes(pid, 'VmRSS');
const rss_high_bytes = (pid) => status_bytes(pid, 'VmHWM');

/* What: postgres or broker. */
function server_pid(servers, what) {
  return parseInt(fs.readFileSync(path.join(TOP, 'build', 'servers', servers, `${what}.pid`), 'utf8'), 10);
}

module.exports = { cpu_seconds, rss_bytes, rss_high_bytes, server_pid };
