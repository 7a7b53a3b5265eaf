'use strict';

/*
 * A machine of a test's own, with a booted systemd: this machine's files under a layer in memory, a network of its own. What is
 * installed or changed in it is gone with it.
 *
 *   const machine = await Machine.boot('install');
 *   await machine.run('systemctl start waybill.target');
 *   await machine.end();
 */

const { spawn, spawnSync } = require('child_process');
const fs = require('fs');
const path = require('path');
const { TOP, run } = require('./process');
const { until } = require('./until');

const NSPAWN = ['--quiet', '--register=no', '--keep-unit', '--link-journal=no', '--private-network', '--console=pipe', '--boot'];
const BOOT_MS = 60000;

function call(command, ...args) {
  const { status, stderr } = spawnSync(command, args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${command} ${args.join(' ')} ended with ${status}: ${stderr}`);
}

class Machine {
  /* Why there can be none here; '' when there can. */
  static why_not() {
    if (process.getuid() !== 0) return 'only root can boot a machine in a container';
    if (spawnSync('systemd-nspawn', ['--version']).status !== 0) return 'systemd-nspawn is not installed';
    const { status, stderr } = spawnSync('unshare', ['-m', 'sh', '-ec', `mount -t tmpfs waybill /mnt && cd /mnt && mkdir up work root
      mount -t overlay waybill -o lowerdir=/,upperdir=up,workdir=work root`], { encoding: 'utf8' });
    return status === 0 ? '' : `a layer over / cannot be mounted here: ${stderr.trim()}`;
  }

  static async boot(name) {
    const machine = new Machine();
    machine.name = `waybill-${name}-${process.pid}`;
    machine.dir = path.join(TOP, 'build', 'tests', name, 'machine');
    machine.root = path.join(machine.dir, 'root');
    machine.log = '';
    fs.mkdirSync(machine.dir, { recursive: true });
    machine.unmount(); /* what a run that was killed left */
    process.once('exit', () => machine.unmount());
    try {
      machine.mount();
      machine.start();
      await until('the machine to be up', async () => {
        machine.init = machine.find_init(); /* at first it has another */
        const { stdout } = await machine.try_run('systemctl is-system-running');
        if (/running|degraded/.test(stdout)) return true;
        throw new Error(`${stdout}${machine.log}`);
      }, BOOT_MS);
    } catch (error) {
      await machine.end();
      throw error;
    }
    return machine;
  }

  mount() {
    call('mount', '-t', 'tmpfs', 'waybill', this.dir);
    const layers = ['up', 'work', 'root'].map((one) => path.join(this.dir, one));
    layers.forEach((dir) => fs.mkdirSync(dir));
    call('mount', '-t', 'overlay', 'waybill', '-o', `lowerdir=/,upperdir=${layers[0]},workdir=${layers[1]}`, this.root);
    /* What this machine starts at its boot is none of ours. */
    for (const wants of ['multi-user.target.wants', 'timers.target.wants', 'sockets.target.wants']) {
      fs.rmSync(path.join(this.root, 'etc/systemd/system', wants), { recursive: true, force: true });
    }
  }

  start() {
    this.nspawn = spawn('systemd-nspawn', [...NSPAWN, '-M', this.name, '-D', this.root, `--bind=${TOP}`],
      { stdio: ['ignore', 'pipe', 'pipe'] });
    for (const stream of [this.nspawn.stdout, this.nspawn.stderr]) stream.on('data', (chunk) => { this.log += chunk; });
    this.ended = new Promise((resolve) => { this.nspawn.on('exit', resolve); });
  }

  /* The pid that the machine's first process has here. */
  find_init() {
    const children = fs.readFileSync(`/proc/${this.nspawn.pid}/task/${this.nspawn.pid}/children`, 'utf8').trim();
    return children && Number(children.split(' ')[0]);
  }

  /* Runs a bash script in it, in the clone's folder: {code, stdout, stderr} */
  try_run(script, deadline_ms = 120000) {
    return run('nsenter', ['-t', String(this.init), '-a', '--', 'env', '-i', 'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
      'HOME=/root', 'LANG=C.UTF-8', 'bash', '--norc', '-euo', 'pipefail', '-c', `cd '${TOP}'\n${script}`], { deadline_ms });
  }

  /* The same, of what must succeed; returns what it printed. */
  async run(script, deadline_ms) {
    const { code, stdout, stderr } = await this.try_run(script, deadline_ms);
    if (code !== 0) throw new Error(`ended with ${code}:\n${script}\n${stdout}${stderr}`);
    return stdout;
  }

  async end() {
    if (this.nspawn && this.nspawn.exitCode === null) {
      this.nspawn.kill('SIGTERM'); /* it powers the machine off */
      const timely = await until('the machine to go off', () => this.nspawn.exitCode !== null || this.nspawn.signalCode, 30000).catch(() => false);
      if (!timely) this.nspawn.kill('SIGKILL');
      await this.ended;
    }
    this.unmount();
  }

  unmount() {
    for (const place of [this.root, this.dir]) spawnSync('umount', ['--lazy', place]);
  }
}

module.exports = { Machine };
