'use strict';

/*
 * Messages into a queue of RabbitMQ, whatever they hold: the few words of AMQP 0-9-1 that this
 * takes.
 *
 *   const broker = await Broker.open(house.broker.WAYBILL_AMQP_URL);
 *   await broker.publish('wb.route', '[1,2]');
 *   await broker.publish('wb.ingest', [body, another], { 'x-wb-kind': 'order' });
 *   await broker.ready('wb.dead');        messages that wait there
 *   broker.close();
 */

const net = require('net');
const { until } = require('./until');

const METHOD = 1;
const HEADER = 2;
const BODY = 3;
const FRAME_END = 0xce;
const FRAME_OVERHEAD = 8;

const short = (text) => Buffer.concat([Buffer.from([Buffer.byteLength(text)]), Buffer.from(text)]);
const long = (text) => Buffer.concat([number(Buffer.byteLength(text), 4), Buffer.from(text)]);

function number(value, bytes) {
  const out = Buffer.alloc(8);
  out.writeBigUInt64BE(BigInt(value));
  return out.subarray(8 - bytes);
}

function method(class_id, method_id, ...fields) {
  return Buffer.concat([number(class_id, 2), number(method_id, 2), ...fields]);
}

function table(entries) {
  return long(Buffer.concat(Object.entries(entries).flatMap(([name, text]) => [short(name), Buffer.from('S'), long(text)])));
}

class Broker {
  static async open(url) {
    const { hostname, port, username, password, pathname } = new URL(url);
    const broker = new Broker();
    broker.pending = Buffer.alloc(0);
    broker.published = 0;
    broker.unconfirmed = new Set();
    broker.seen = new Map();
    broker.socket = net.connect(Number(port), hostname);
    broker.socket.on('error', (error) => { broker.error = error; });
    broker.socket.on('data', (chunk) => broker.feed(chunk));
    broker.socket.write(Buffer.from('AMQP\0\0\x09\x01', 'latin1'));
    await broker.sees(10, 10);
    broker.send(0, method(10, 11, table({}), short('PLAIN'), long(`\0${decodeURIComponent(username)}\0${decodeURIComponent(password)}`),
      short('en_US')));
    const tune = await broker.sees(10, 30);
    broker.frame_max = tune.readUInt32BE(2);
    broker.send(0, method(10, 31, tune.subarray(0, 6), number(0, 2)));
    broker.send(0, method(10, 40, short(pathname.slice(1)), short(''), number(0, 1)));
    await broker.sees(10, 41);
    broker.send(1, method(20, 10, short('')));
    broker.send(1, method(85, 10, number(0, 1)));
    await broker.sees(85, 11);
    return broker;
  }

  frame(type, channel, payload) {
    this.socket.write(Buffer.concat([number(type, 1), number(channel, 2), number(payload.length, 4), payload, Buffer.from([FRAME_END])]));
  }

  send(channel, payload) {
    this.frame(METHOD, channel, payload);
  }

  feed(chunk) {
    this.pending = Buffer.concat([this.pending, chunk]);
    while (this.pending.length >= 7 && this.pending.length >= this.pending.readUInt32BE(3) + FRAME_OVERHEAD) {
      const size = this.pending.readUInt32BE(3);
      if (this.pending[0] === METHOD) this.take(this.pending.subarray(7, 7 + size));
      this.pending = this.pending.subarray(size + FRAME_OVERHEAD);
    }
  }

  take(payload) {
    const name = `${payload.readUInt16BE(0)}.${payload.readUInt16BE(2)}`;
    const fields = payload.subarray(4);
    this.seen.set(name, fields);
    if (name !== '60.80') return;
    const tag = Number(fields.readBigUInt64BE(0));
    for (const one of this.unconfirmed) if (one === tag || (fields[8] && one < tag)) this.unconfirmed.delete(one);
  }

  /* The fields of an answer, once it has come. */
  sees(class_id, method_id) {
    return until(`the broker's answer ${class_id}.${method_id}`, () => {
      if (this.error) throw this.error;
      return this.seen.get(`${class_id}.${method_id}`);
    });
  }

  /* One body or a list of them, persistent; returns when the broker has confirmed them all. */
  async publish(queue, bodies, headers = {}) {
    const properties = Buffer.concat([number(0x3000, 2), table(headers), number(2, 1)]); /* headers, delivery mode */
    for (const body of [bodies].flat()) {
      const bytes = Buffer.from(body);
      this.unconfirmed.add(this.published += 1);
      this.send(1, method(60, 40, number(0, 2), short(''), short(queue), number(0, 1)));
      this.frame(HEADER, 1, Buffer.concat([number(60, 2), number(0, 2), number(bytes.length, 8), properties]));
      for (let at = 0; at < bytes.length; at += this.frame_max - FRAME_OVERHEAD) {
        this.frame(BODY, 1, bytes.subarray(at, at + this.frame_max - FRAME_OVERHEAD));
      }
    }
    await until('the broker to confirm', () => this.unconfirmed.size === 0, 20000);
  }

  /* Messages nobody has been given, as the broker counts, a little late. The queue must exist. */
  async ready(queue) {
    this.seen.delete('50.11');
    this.send(1, method(50, 10, number(0, 2), short(queue), number(1, 1), table({})));
    const answer = await this.sees(50, 11);
    return answer.readUInt32BE(1 + answer[0]);
  }

  close() {
    this.socket.destroy();
  }
}

module.exports = { Broker };
