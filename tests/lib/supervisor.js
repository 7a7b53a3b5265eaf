'use strict';

/*
 * What systemd hears of a program, and a link to a server that can be taken away from it.
 */

const fs = require('fs');
const net = require('net');
const { spawn } = require('child_process');
const { until } = require('./until');

let sockets = 0;

/* A socket of NOTIFY_SOCKET's kind, which Node does not have: Perl (always there in Debian) reads it, and prints each message. */
const LISTEN = `use IO::Socket::UNIX; $| = 1;
my $s = IO::Socket::UNIX->new(Type => SOCK_DGRAM, Local => "\\0$ARGV[0]") or die "cannot listen: $!";
print "listening\\n"; while (defined $s->recv(my $m, 4096)) { $m =~ s/\\n/ /g; print "$m\\n"; }`;

class Supervisor {
  static async open() {
    const supervisor = new Supervisor();
    const name = `waybill-test-${process.pid}-${sockets += 1}`;
    supervisor.heard = '';
    supervisor.child = spawn('setpriv', ['--pdeathsig', 'KILL', 'perl', '-e', LISTEN, name], { stdio: ['ignore', 'pipe', 'inherit'] });
    supervisor.child.stdout.setEncoding('utf8').on('data', (chunk) => { supervisor.heard += chunk; });
    supervisor.address = `@${name}`;
    await until('Perl to listen', () => supervisor.heard.startsWith('listening'));
    return supervisor;
  }

  /* The environment of a unit with WatchdogSec=. */
  env(watchdog_ms) {
    return { NOTIFY_SOCKET: this.address, WATCHDOG_USEC: String(watchdog_ms * 1000) };
  }

  /* How often it has been told that the program lives. */
  beats() {
    return this.heard.split('WATCHDOG=1').length - 1;
  }

  close() {
    this.child.kill('SIGKILL');
  }
}

/* Between a program and a server: forwards, until it is cut ("gone": nobody listens) or muted (nobody says anything). */
class Link {
  /* Both are what net.connect() takes: {path} or {port, host}. */
  static async open(from, to) {
    const link = new Link();
    Object.assign(link, { from, to, all: new Set() });
    await link.restore();
    return link;
  }

  take(near) {
    const far = this.is_mute ? null : net.connect(this.to);
    for (const socket of [near, far].filter(Boolean)) {
      this.all.add(socket);
      socket.on('error', () => {}).on('close', () => {
        this.all.delete(socket);
        near.destroy();
        if (far) far.destroy();
      });
    }
    if (far) near.pipe(far).pipe(near);
  }

  async restore() {
    this.cut();
    if (this.from.path) fs.rmSync(this.from.path, { force: true });
    this.is_mute = false;
    this.server = net.createServer((socket) => this.take(socket));
    await new Promise((resolve, reject) => { this.server.on('error', reject).listen(this.from, resolve); });
  }

  mute() {
    this.is_mute = true;
    this.all.forEach((socket) => { socket.unpipe(); socket.resume(); });
  }

  cut() {
    if (this.server) this.server.close();
    this.all.forEach((socket) => socket.destroy());
  }
}

module.exports = { Link, Supervisor };
