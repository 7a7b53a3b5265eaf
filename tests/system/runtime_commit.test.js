'use strict';

/*
 * The answer to a COMMIT gets lost: the transaction has happened, and the worker cannot know.
 *
 * Between the worker and PostgreSQL stands a proxy that swallows one such answer and cuts the connection.
 */

const net = require('net');
const test = require('node:test');
const assert = require('assert');
const { Letters } = require('../lib');

const COMMITTED = Buffer.from('COMMIT\0'); /* of the message CommandComplete */

let letters;
let proxy;
let to_swallow = 0; /* the answer to the next COMMIT but so many; 0: none */

function connect(client, socket) {
  const server = net.connect(socket);
  const end = () => { client.destroy(); server.destroy(); };
  client.on('data', (data) => server.write(data)).on('error', end).on('close', end);
  server.on('error', end).on('close', end).on('data', (data) => {
    if (to_swallow && data.includes(COMMITTED) && --to_swallow === 0) end();
    else client.write(data);
  });
}

test.before(async () => {
  letters = await Letters.open('runtime_commit');
  const { pathname, searchParams } = new URL(letters.house.urls.WAYBILL_DB_URL.replace('@/', '@localhost/'));
  const socket = `${searchParams.get('host')}/.s.PGSQL.${searchParams.get('port')}`;
  proxy = net.createServer((client) => connect(client, socket));
  await new Promise((resolve) => { proxy.listen(0, '127.0.0.1', resolve); });
  letters.house.write_conf({
    database: { url: `postgresql://waybill@127.0.0.1:${proxy.address().port}${pathname}?sslmode=disable`, connections: 1 } });
  await letters.work('notify@1', 'notify');
});

test.after(async () => {
  await letters.close();
  proxy.close();
});

/* Nobody waits for a lease to run out: there is no clock here, and leases last for minutes. */
for (const [nth, what] of [[1, 'claim'], [2, 'settle']]) {
  test(`when the answer to the commit of a ${what} is lost, every letter is sent once, at once`, async () => {
    const before = (await letters.mails()).length;
    to_swallow = nth;
    await letters.tell('notify', await letters.owe(5));
    await letters.sent(before + 5);
    assert.strictEqual(to_swallow, 0);
    assert.strictEqual((await letters.mails()).length, before + 5);
    assert.strictEqual(Number(await letters.db.value('SELECT count(*) FROM notice WHERE lease IS NOT NULL')), 0);
  });
}
