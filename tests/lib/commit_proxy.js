'use strict';

/*
 * Between the programs of a house and PostgreSQL: swallows answers to COMMIT and cuts the connection. The transaction has
 * happened, and the program cannot know.
 *
 *   const proxy = await CommitProxy.open(house);     what house.start() starts from now on goes through it
 *   proxy.loses = (n, statements) => n % 7 === 0;    the answer to the n-th COMMIT from here on, after these of core/sql
 */

const fs = require('fs');
const net = require('net');
const path = require('path');

const COMMITTED = Buffer.from('COMMIT\0'); /* of the message CommandComplete */
const BEGIN = Buffer.from('BEGIN\0'); /* of the message Parse */
const BOUND = /B[^]{4}\0(\w+)\0/g; /* the message Bind: its length, the portal and the statement */

class CommitProxy {
  static async open(house) {
    const proxy = new CommitProxy();
    const { pathname, searchParams } = new URL(house.urls.WAYBILL_DB_URL.replace('@/', '@localhost/'));
    proxy.socket = `${searchParams.get('host')}/.s.PGSQL.${searchParams.get('port')}`;
    proxy.server = net.createServer((client) => proxy.connect(client));
    await new Promise((resolve) => { proxy.server.listen(0, '127.0.0.1', resolve); });
    proxy.calm();
    const file = path.join(house.dir, 'commit_proxy.conf');
    fs.writeFileSync(file, fs.readFileSync(house.conf_file, 'utf8').replace(`url = ${house.urls.WAYBILL_DB_URL}`,
      `url = postgresql://waybill@127.0.0.1:${proxy.server.address().port}${pathname}?sslmode=disable`), { mode: 0o600 });
    house.env_of = () => ({ WAYBILL_CONFIG: file });
    return proxy;
  }

  /* Loses nothing, and counts anew. */
  calm() {
    this.loses = () => false;
    this.seen = this.lost = 0;
  }

  connect(client) {
    const server = net.connect(this.socket);
    const end = () => { client.destroy(); server.destroy(); };
    let statements = [];
    client.on('data', (data) => {
      if (data.includes(BEGIN)) statements = [];
      for (const [, name] of data.toString('latin1').matchAll(BOUND)) statements.push(name);
      server.write(data);
    }).on('error', end).on('close', end);
    server.on('error', end).on('close', end).on('data', (data) => {
      if (data.includes(COMMITTED) && this.loses(++this.seen, statements)) {
        this.lost++;
        end();
      } else {
        client.write(data);
      }
    });
  }

  close() {
    this.server.close();
  }
}

module.exports = { CommitProxy };
