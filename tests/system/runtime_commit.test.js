'use strict';

/*
 * The answer to a COMMIT gets lost: the transaction has happened, and the worker cannot know.
 *
 * Between the worker and PostgreSQL stands a proxy that swallows one such answer and cuts the connection.
 */

const test = require('node:test');
const assert = require('assert');
const { CommitProxy, Letters } = require('../lib');

let letters;
let proxy;

test.before(async () => {
  letters = await Letters.open('runtime_commit', { conf: { database: { connections: 1 } } });
  proxy = await CommitProxy.open(letters.house);
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
    proxy.calm();
    proxy.loses = (n) => n === nth;
    await letters.tell('notify', await letters.owe(5));
    await letters.sent(before + 5);
    assert.strictEqual(proxy.lost, 1);
    assert.strictEqual((await letters.mails()).length, before + 5);
    assert.strictEqual(Number(await letters.db.value('SELECT count(*) FROM notice WHERE lease IS NOT NULL')), 0);
  });
}
