'use strict';

/*
 * Programs under test: started, watched, ended.
 */

const { spawn } = require('child_process');
const fs = require('fs');
const path = require('path');
const { until, within } = require('./until');

const TOP = path.resolve(__dirname, '..', '..');
const BIN = path.join(TOP, process.env.WAYBILL_BIN || 'build/plain/bin'); /* our programs */
const PRELOADS = path.join(TOP, 'build/plain/preload');
const LOG_MAX_CHARS = 4 << 20;
const TICKS_PER_SECOND = 100; /* of /proc/PID/stat, on every Linux */

class Program {
  constructor(command, args, env = {}) {
    this.name = path.basename(command);
    this.log = '';
    /* Even if this process is killed, the program does not outlive it. */
    this.child = spawn('setpriv', ['--pdeathsig', 'KILL', command, ...args],
      { cwd: TOP, env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
    this.pid = this.child.pid;
    const keep = (chunk) => { this.log = (this.log + chunk).slice(-LOG_MAX_CHARS); };
    this.child.stdout.setEncoding('utf8').on('data', keep);
    this.child.stderr.setEncoding('utf8').on('data', keep);
    this.ended = new Promise((resolve) => {
      this.child.on('error', (error) => { keep(`${error.message}\n`); resolve('not started'); });
      this.child.on('close', (code, signal) => resolve(signal || code));
    });
    this.is_running = true;
    this.ended.then((outcome) => { this.is_running = false; this.outcome = outcome; });
  }

  /* Waits for text (string or RegExp) in the output; fails at once when the program ends without it. */
  async prints(text, deadline_ms = 10000) {
    const find = () => (text instanceof RegExp ? text.exec(this.log) : this.log.includes(text));
    await until(`${this.name} to print ${text}`, () => find() || !this.is_running, deadline_ms);
    if (find()) return find();
    throw new Error(`${this.name} ended (${this.outcome}) without printing ${text}:\n${this.log}`);
  }

  /* Asks it to end, and waits until it has. Returns exit code or signal. */
  async stop(signal = 'SIGTERM', deadline_ms = 10000) {
    if (this.is_running) this.child.kill(signal);
    return within(`${this.name} to end after ${signal}`, this.ended, deadline_ms);
  }

  kill() {
    return this.stop('SIGKILL');
  }

  rss_bytes() {
    return 1024 * Number(/^VmRSS:\s+(\d+)/m.exec(fs.readFileSync(`/proc/${this.pid}/status`, 'utf8'))[1]);
  }

  /* The most it ever was. */
  rss_high_bytes() {
    return 1024 * Number(/^VmHWM:\s+(\d+)/m.exec(fs.readFileSync(`/proc/${this.pid}/status`, 'utf8'))[1]);
  }

  /* User and system time so far. */
  cpu_ms() {
    const fields = fs.readFileSync(`/proc/${this.pid}/stat`, 'utf8').replace(/^.*\) /, '').split(' ');
    return (Number(fields[11]) + Number(fields[12])) * (1000 / TICKS_PER_SECOND);
  }
}

/* Runs a command to its end: {code, stdout, stderr}. */
function run(command, args, { input = '', env = {}, deadline_ms = 60000 } = {}) {
  const child = spawn(command, args, { cwd: TOP, env: { ...process.env, ...env } });
  const out = { code: null, stdout: '', stderr: '' };
  child.stdout.setEncoding('utf8').on('data', (chunk) => { out.stdout += chunk; });
  child.stderr.setEncoding('utf8').on('data', (chunk) => { out.stderr += chunk; });
  child.stdin.on('error', () => {}); /* it need not read all of it */
  child.stdin.end(input);
  const ended = new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) => resolve({ ...out, code: signal || code }));
  });
  return within(`${path.basename(command)} ${args.join(' ')}`, ended, deadline_ms).catch((error) => {
    child.kill('SIGKILL');
    throw error;
  });
}

/* The environment of a program before whose C library tests/preload/NAME.c is put. */
function preload(name) {
  const file = path.join(PRELOADS, `${name}.so`);
  if (!fs.existsSync(file)) throw new Error(`${file} is not there: make test-programs`);
  return { LD_PRELOAD: file, ASAN_OPTIONS: 'verify_asan_link_order=0' };
}

module.exports = { BIN, Program, preload, run, TOP };
