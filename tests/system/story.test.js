'use strict';

/*
 * The story of the demo, smaller; and that its check of the books finds every kind of mistake.
 */

const test = require('node:test');
const assert = require('assert');
const { House } = require('../lib');
const { compare_books, read_books } = require('../demo/books');
const { Fleet } = require('../demo/fleet');
const { make_mix } = require('../demo/mix');
const { Story } = require('../demo/story');
const { FAULTS, WEBHOOKS } = require('../demo/trouble');

const ORDERS = 60;
const STORY_MS = 90000;
const CONF = { clock: { wait_s: 2, again_s: 4, interval_ms: 200, reconcile_s: 2, reconcile_overlap_s: 60 } };

let house;
let story;
let all;

test.before(async () => {
  house = await House.open('story', { simulators: true, conf: CONF });
});

test.after(() => house.close());

test('orders of every kind end as they should, with services that fail now and then', async () => {
  story = new Story(house, make_mix(ORDERS, 7));
  await story.open_shop(WEBHOOKS);
  for (const [simulator, faults] of Object.entries(FAULTS)) await house.control(simulator, 'faults', 'POST', faults);
  const fleet = await Fleet.start(house);
  await story.sell();
  await story.finish(STORY_MS);
  all = await read_books(story);
  assert.deepStrictEqual(compare_books(story, all).wrong, []);
  assert.deepStrictEqual(fleet.ended(), []);
});

/* The store's order of a kind, and what we have of it. */
function one_of(books, kind) {
  const { name } = story.mix.find((one) => one.kind === kind);
  const theirs = books.store.orders.find((order) => order.name === name);
  const ours = books.ours.orders.find((order) => order.name === name);
  const shipment = books.ours.shipments.find((one) => one.order_id === ours.id);
  return { theirs, ours, shipment };
}

const plain = (books) => one_of(books, 'one location');

const MISTAKES = {
  'an order that nobody took in': (books) => { books.ours.orders.pop(); },
  'an order that was taken in twice': (books) => {
    books.ours.orders.push({ ...books.ours.orders[0], id: 0 });
  },
  'a line that is missing': (books) => { books.ours.lines.pop(); },
  'a unit that is nowhere': (books) => { books.ours.parts.find((part) => part.shipped > 0).shipped -= 1; },
  'a unit on no way': (books) => {
    const part = books.ours.parts.find((one) => one.shipped > 0);
    part.shipped -= 1;
    part.allocated += 1;
  },
  'a kit that consists of something else': (books) => {
    books.ours.parts.find((part) => part.per_unit === 2).per_unit = 1;
  },
  'a shipment that the store was not told of': (books) => { plain(books).theirs.fulfillments.pop(); },
  'a shipment that the store was told of twice': (books) => {
    const { fulfillments } = plain(books).theirs;
    fulfillments.push(fulfillments[0]);
  },
  'a unit less in a fulfillment': (books) => { plain(books).theirs.fulfillments[0].lines[0].quantity += 1; },
  'a fulfillment from elsewhere': (books) => { plain(books).theirs.fulfillments[0].location_id = '1'; },
  'a split that did not happen': (books) => {
    one_of(books, 'split over two locations').shipment.state = 'cancelled';
  },
  'a shipment without a label': (books) => {
    books.ours.labels = books.ours.labels.filter((label) => label.shipment_id !== plain(books).shipment.id);
  },
  'a label that nobody knows': (books) => {
    const { transactions } = books.carrier;
    transactions.push({ ...transactions[0], id: 'other', status: 'SUCCESS' });
  },
  'a label that was never paid for': (books) => {
    const { transactions } = books.carrier;
    transactions.splice(transactions.findIndex(({ status }) => status === 'SUCCESS'), 1);
  },
  'a label at another price': (books) => {
    books.ours.labels.find((label) => label.state === 'bought').cost += 1;
  },
  'a label whose bytes are lost': (books) => {
    books.ours.labels.find((label) => label.state === 'bought').has_document = false;
  },
  'a purchase of unknown outcome': (books) => {
    books.ours.labels.push({ ...books.ours.labels[0], source_id: null, state: 'unknown' });
  },
  'a mail that was not sent': (books) => { books.mails.pop(); },
  'a mail that was sent twice': (books) => { books.mails.push(books.mails[0]); },
  'a second mail about the same': (books) => {
    books.mails.push({ ...books.mails[0], message_id: 'other' });
  },
  'a mail to a stranger': (books) => { books.mails[0].to = ['stranger@example.com']; },
  'a unit too many on the shelf': (books) => { books.ours.stock[0].on_hand += 1; },
  'a ledger of another sum': (books) => { books.ours.stock[0].ledger -= 1; },
  'a promise to nobody': (books) => { books.ours.stock[0].allocated += 1; },
  'a customer who waits beside stock': (books) => {
    books.ours.backorders.find(({ state }) => state === 'waiting').sku = 'MUG';
  },
  'a hold that nobody asked for': (books) => {
    books.ours.holds.push({ order_id: plain(books).ours.id, shipment_id: null, kind: 'weight' });
  },
  'a hold that went away': (books) => { books.ours.holds.pop(); },
  'a dead letter': (books) => { books.ours.dead.push({ role: 'label', error: 'gave up' }); },
  'work that is left': (books) => {
    books.ours.due.push({ kind: 'notice', id: 1, step: 'notify', error: null });
  },
  'an audit trail that is broken': (books) => { books.verified[0][1].code = 1; },
};

for (const [mistake, make] of Object.entries(MISTAKES)) {
  test(`the check finds ${mistake}`, () => {
    const books = structuredClone(all);
    make(books);
    assert.notDeepStrictEqual(compare_books(story, books).wrong, []);
  });
}
