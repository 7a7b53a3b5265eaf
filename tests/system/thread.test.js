'use strict';

/*
 * The thread through everything: a webhook becomes a routed order, a label, a fulfillment and mails.
 */

const test = require('node:test');
const assert = require('assert');
const { World, until } = require('../lib');

let world;

test.before(async () => {
  world = await World.open('thread');
  await world.start();
});

test.after(() => world.close());

test('an order is routed, labelled, fulfilled and mailed', async () => {
  assert.ok(await world.order('#1', { email: 'jane@example.com', lines: [{ sku: 'A', quantity: 2 }, { sku: 'B', quantity: 1 }] }));
  await world.until_state('#1', 'fulfilled');
  await until('the store to know', async () => (await world.at_shop('#1')).fulfillments.length === 1);
  await until('the mail', async () => (await world.house.control('smtp', 'books')).mails.length === 1);
});
