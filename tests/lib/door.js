'use strict';

/*
 * What a test of the public door needs: a store with a key and secrets, and clients that are no good HTTP clients.
 */

const fs = require('fs');
const net = require('net');
const path = require('path');
const { seal } = require('./seal');
const { within } = require('./until');

/* A Shopify store of merchant 1; secrets: {kind: text}. Returns its id. */
async function add_store(house, domain, hook_key, secrets, is_active = true) {
  const key = Buffer.from(fs.readFileSync(path.join(house.dir, 'master.key'), 'utf8'), 'base64');
  const id = await house.owner.value(`INSERT INTO store (merchant_id, platform, domain, api_base, hook_key,
      is_active, paused_at, paused_reason)
    VALUES (1, 'shopify', '${domain}', 'https://${domain}', '${hook_key}', ${is_active},
      ${is_active ? 'NULL, NULL' : "now(), 'gone'"}) RETURNING id`);
  for (const [kind, secret] of Object.entries(secrets)) {
    const credential = await house.owner.value(`INSERT INTO credential (merchant_id, store_id, kind, sealed)
      VALUES (1, ${id}, '${kind}', '\\x00') RETURNING id`);
    const sealed = seal(key, `credential:${credential}`, secret).toString('hex');
    await house.owner.run(`UPDATE credential SET sealed = '\\x${sealed}' WHERE id = ${credential};`);
  }
  return id;
}

/* Sends bytes as they are; closed resolves with all that came back when the other side has closed. */
function speak(port, text) {
  const socket = net.connect(port, '127.0.0.1');
  let got = '';
  socket.on('data', (chunk) => { got += chunk; });
  socket.on('error', () => {});
  socket.write(text);
  return { socket, closed: within('the gateway to close', new Promise((resolve) => {
    socket.on('close', () => resolve(got));
  })) };
}

/* Clients that send little and never end; one that is cut off comes again. */
class Dribblers {
  /* first: what each begins with, a function of its number; more: what it sends every so often */
  constructor(port, count, first, more, every_ms) {
    this.cuts = 0;
    this.sockets = new Set();
    for (let i = 0; i < count; i += 1) this.come(port, i, first);
    this.timer = setInterval(() => this.sockets.forEach((socket) => socket.write(more)), every_ms);
  }

  come(port, i, first) {
    const socket = net.connect(port, '127.0.0.1', () => socket.write(first(i)));
    this.sockets.add(socket);
    socket.on('error', () => {}).on('data', () => {}).on('end', () => socket.destroy()).on('close', () => {
      this.sockets.delete(socket);
      this.cuts += 1;
      if (!this.is_over) this.come(port, i, first);
    });
  }

  end() {
    this.is_over = true;
    clearInterval(this.timer);
    this.sockets.forEach((socket) => socket.destroy());
  }
}

module.exports = { Dribblers, add_store, speak };
