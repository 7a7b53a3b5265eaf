'use strict';

/*
 * A small RFC 5321 server that keeps what it is given. Faults name the step as their operation:
 * connect, ehlo, mail, rcpt, data, message (the end of DATA), rset, noop, quit.
 */

const net = require('node:net');

const { control_of } = require('../lib/control');
const { Faults } = require('../lib/faults');
const { read_message } = require('./message');

const SIZE_MAX = 10 * 1024 * 1024;
const LINE_MAX = 2000;
const HOST = 'mail.example.com';

class Session {
  constructor(sim, socket) {
    this.sim = sim;
    this.socket = socket;
    this.pending = Buffer.alloc(0);
    this.data = null;
    this.reset();
    this.turn = this.greet();
    socket.on('data', (chunk) => {
      this.turn = this.turn.then(() => this.feed(chunk)).catch((error) => socket.destroy(error));
    });
    socket.on('error', () => socket.destroy());
  }

  reset() {
    this.from = null;
    this.to = [];
  }

  say(text) {
    if (!this.socket.destroyed) this.socket.write(`${text}\r\n`);
  }

  async greet() {
    await this.step('connect', '', () => this.say(`220 ${HOST} ESMTP simulator`));
  }

  /* Runs one step under the faults: `effect` does it and returns the answer it gives. */
  async step(name, argument, effect) {
    this.sim.requests[name] = (this.sim.requests[name] || 0) + 1;
    const fault = this.sim.faults.take({ operations: [name], path: '', method: '', body: argument });
    if (fault.slow_ms) await new Promise((resolve) => setTimeout(resolve, fault.slow_ms));
    if (fault.close && !fault.after_effect) return this.socket.destroy();
    if (fault.reply && !fault.after_effect) return this.say(fault.reply);
    const held = this.say;
    if (fault.after_effect) this.say = () => {};
    effect();
    this.say = held;
    if (fault.close) return this.socket.destroy();
    if (fault.reply) this.say(fault.reply);
    return undefined;
  }

  async feed(chunk) {
    this.pending = Buffer.concat([this.pending, chunk]);
    for (;;) {
      if (this.socket.destroyed) return;
      if (this.data !== null) {
        if (!(await this.feed_data())) return;
        continue;
      }
      const end = this.pending.indexOf('\r\n');
      if (end < 0) {
        if (this.pending.length > LINE_MAX) this.socket.destroy();
        return;
      }
      const line = this.pending.subarray(0, end).toString('utf8');
      this.pending = this.pending.subarray(end + 2);
      await this.command(line);
    }
  }

  /* Takes the lines of a mail; false when more bytes are needed. */
  async feed_data() {
    const started = this.pending.length >= 3 && this.data.length === 0 &&
      this.pending.subarray(0, 3).toString('latin1') === '.\r\n';
    const end = started ? -2 : this.pending.indexOf('\r\n.\r\n');
    if (end === -1) {
      if (this.pending.length > SIZE_MAX) {
        this.say('552 5.3.4 message too big');
        this.socket.destroy();
      }
      return false;
    }
    const stuffed = this.pending.subarray(0, end + 2).toString('latin1');
    this.pending = this.pending.subarray(end + 5);
    this.data = null;
    const raw = Buffer.from(stuffed.replace(/^\./, '').replace(/\r\n\./g, '\r\n'), 'latin1');
    await this.step('message', raw.toString('utf8'), () => {
      const kept = this.sim.keep(this.from, this.to, raw);
      this.reset();
      this.say(`250 2.0.0 kept as ${kept.id}`);
    });
    return true;
  }

  async command(line) {
    const [, verb, argument] = /^(\w+)\s*(.*)$/.exec(line) || [null, '', ''];
    const handlers = {
      EHLO: ['ehlo', () => this.say(`250-${HOST}\r\n250-SIZE ${SIZE_MAX}\r\n250-8BITMIME\r\n` +
        '250-SMTPUTF8\r\n250 PIPELINING')],
      HELO: ['ehlo', () => this.say(`250 ${HOST}`)],
      MAIL: ['mail', () => this.mail(argument)],
      RCPT: ['rcpt', () => this.rcpt(argument)],
      DATA: ['data', () => this.start_data()],
      RSET: ['rset', () => {
        this.reset();
        this.say('250 2.0.0 ok');
      }],
      NOOP: ['noop', () => this.say('250 2.0.0 ok')],
      QUIT: ['quit', () => {
        this.say('221 2.0.0 bye');
        this.socket.end();
      }],
    };
    const known = handlers[verb.toUpperCase()];
    if (!known) return this.say('500 5.5.1 unknown command');
    return this.step(known[0], argument, known[1]);
  }

  mail(argument) {
    const [, address, rest] = /^FROM:\s*<([^>]*)>(.*)$/i.exec(argument) || [];
    if (address === undefined) return this.say('501 5.5.4 MAIL FROM:<address>');
    const [, size] = /SIZE=(\d+)/i.exec(rest) || [];
    if (Number(size) > SIZE_MAX) return this.say('552 5.3.4 message too big');
    this.reset();
    this.from = address;
    return this.say('250 2.1.0 ok');
  }

  rcpt(argument) {
    const [, address] = /^TO:\s*<([^>]+)>/i.exec(argument) || [];
    if (address === undefined) return this.say('501 5.5.4 RCPT TO:<address>');
    if (this.from === null) return this.say('503 5.5.1 MAIL first');
    this.to.push(address);
    return this.say('250 2.1.5 ok');
  }

  start_data() {
    if (this.to.length === 0) return this.say('503 5.5.1 RCPT first');
    this.data = [];
    return this.say('354 end with .');
  }
}

class Smtp {
  constructor({ clock, random }) {
    this.name = 'smtp';
    this.clock = clock;
    this.faults = new Faults(random);
    this.requests = {};
    this.messages = [];
    this.control = control_of(this, {
      'GET /_sim/messages': (request) => ({ messages: this.find(request.query) }),
      'DELETE /_sim/messages': () => {
        this.messages = [];
        return { messages: [] };
      },
    });
  }

  keep(from, to, raw) {
    const read = read_message(raw);
    const kept = {
      id: this.messages.length + 1, from, to, received_at: new Date(this.clock.now()).toISOString(),
      message_id: read.headers['message-id'] || null, subject: read.headers.subject || null, ...read,
      raw: raw.toString('utf8'),
    };
    this.messages.push(kept);
    return kept;
  }

  find(query) {
    const [to, message_id, subject] = ['to', 'message_id', 'subject'].map((name) => query.get(name));
    return this.messages.filter((one) => (!to || one.to.includes(to)) &&
      (!message_id || one.message_id === message_id) &&
      (!subject || (one.subject || '').includes(subject)));
  }

  books() {
    const by_message_id = {};
    for (const { message_id } of this.messages) {
      by_message_id[message_id] = (by_message_id[message_id] || 0) + 1;
    }
    return {
      by_message_id,
      mails: this.messages.map(({ id, from, to, message_id, subject, received_at }) =>
        ({ id, from, to, message_id, subject, received_at })),
    };
  }

  /* The control port serves nothing else. */
  operations() {
    return ['unknown'];
  }

  async handle() {
    return { status: 404, body: { error: 'only /_sim/ is here' } };
  }

  /* Starts the mail port on loopback. */
  listen(port) {
    const sockets = new Set();
    const server = net.createServer({ noDelay: true }, (socket) => {
      sockets.add(socket);
      socket.on('close', () => sockets.delete(socket));
      return new Session(this, socket);
    });
    return new Promise((resolve, reject) => {
      server.once('error', reject);
      server.listen(port, '127.0.0.1', () => resolve({
        url: `smtp://127.0.0.1:${server.address().port}`,
        port: server.address().port,
        stop: () => new Promise((done) => {
          server.close(done);
          for (const socket of sockets) socket.destroy();
        }),
      }));
    });
  }
}

module.exports = { Smtp };
