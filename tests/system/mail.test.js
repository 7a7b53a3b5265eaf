'use strict';

/*
 * What customers are told, how often, and what a mail server can do about it.
 */

const test = require('node:test');
const assert = require('assert');
const { Fleet, quote } = require('../lib');

let fleet;

test.before(async () => {
  fleet = await Fleet.open('mail', { auto_ship: false });
  await fleet.add_item('EAST', { stock: { E: 50 } });
  await fleet.add_item('WEST', { stock: { W: 50 } });
  await fleet.add_item('LATER', { restock_on: '2031-05-17' });
  await fleet.start();
});

test.after(() => fleet.close());

test.afterEach(() => fleet.clear_faults('smtp'));

const address = (name) => `${name.slice(1)}@example.com`;

/* An order whose one shipment has just left. */
async function ship(name, given = {}) {
  await fleet.order(name, { email: address(name), ...given });
  const one = await fleet.shipment(name, 'released');
  await fleet.house.waybill('shipment', 'ship', String(one.id));
  return one;
}

function notices(name) {
  return fleet.db.rows(`SELECT n.kind, n.outcome, n.step, n.attempt, n.error FROM notice AS n JOIN orders AS o ON o.id = n.order_id
    WHERE o.name = ${quote(name)} ORDER BY n.id`);
}

/* The notice of an order's one shipment has come to this. */
function outcome(name, wanted) {
  return fleet.soon(`the mail for ${name} to be ${wanted}`, async () => {
    const [notice] = await notices(name);
    if (notice && notice.outcome === wanted) return notice;
    throw new Error(JSON.stringify(notice));
  });
}

/* The n-th mail to the customer of an order. */
function nth_mail(name, n) {
  return fleet.soon(`mail ${n} for ${name}`, async () => (await fleet.mails_to(address(name)))[n - 1]);
}

/* The part of a mail below a heading, up to the next empty line. */
function below(mail, heading) {
  const [, lines] = new RegExp(`^${heading}\r?\n((?:  .*\r?\n)+)`, 'm').exec(mail.text) || [null, ''];
  return lines.split('\n').map((line) => line.trim()).filter(Boolean);
}

test('a mail per parcel says what is in it, what comes in another one, and what is still to follow', async () => {
  await fleet.order('#parts', { email: 'parts@example.com',
    lines: [{ sku: 'EAST', quantity: 2, title: 'Cup' }, { sku: 'WEST', quantity: 1, title: 'Jug' }, { sku: 'LATER', quantity: 3, title: 'Tea' }] });
  await fleet.until_shipments('#parts', 2, 'released');
  const delayed = await nth_mail('#parts', 1);
  assert.match(delayed.subject, /delayed/);
  assert.match(delayed.text, /3 x Tea, expected 2031-05-17/);
  assert.doesNotMatch(delayed.text, /Cup|Jug/);
  const parcels = await fleet.parcels('#parts');
  const [east, west] = ['E', 'W'].map((code) => parcels.find((one) => one.location === code));

  await fleet.house.waybill('shipment', 'ship', String(east.id));
  const first = await nth_mail('#parts', 2);
  assert.deepStrictEqual(below(first, 'In this parcel'), ['2 x Cup']);
  assert.deepStrictEqual(below(first, 'Coming in another parcel'), ['1 x Jug']);
  assert.deepStrictEqual(below(first, 'Still to follow'), ['3 x Tea, expected 2031-05-17']);
  assert.ok(first.text.includes(east.tracking_number) && first.html.includes(east.tracking_number));

  await fleet.house.waybill('shipment', 'ship', String(west.id));
  const second = await nth_mail('#parts', 3);
  assert.deepStrictEqual([below(second, 'In this parcel'), below(second, 'Coming in another parcel')], [['1 x Jug'], []]);
  assert.ok(second.text.includes(west.tracking_number));

  await fleet.receive('LATER', 'E', 3);
  const packed = await nth_mail('#parts', 4);
  assert.match(packed.subject, /being packed/);
  assert.match(packed.text, /3 x Tea/);
  const [, , last] = await fleet.soon('the last parcel', async () => {
    const all = await fleet.parcels('#parts');
    return all.length === 3 && all[2].state === 'released' && all;
  });
  await fleet.house.waybill('shipment', 'ship', String(last.id));
  const third = await nth_mail('#parts', 5);
  assert.deepStrictEqual([below(third, 'In this parcel'), below(third, 'Still to follow')], [['3 x Tea'], []]);
  assert.strictEqual((await fleet.mails_to('parts@example.com')).length, 5);
});

for (const [step, reply] of [['connect', '421 4.3.2 later'], ['mail', '450 4.7.1 greylisted'], ['rcpt', '451 4.3.0 later'],
  ['message', '452 4.3.1 full']]) {
  test(`a server that puts the mail off (${step}) is asked again, and gets it once`, async () => {
    const name = `#later-${step}`;
    await fleet.fault('smtp', { operation: step, times: 2 }, { reply });
    await ship(name);
    await outcome(name, 'sent');
    assert.strictEqual((await fleet.mails_to(address(name))).length, 1);
  });
}

test('a refused recipient is recorded, and not tried again', async () => {
  await fleet.fault('smtp', { operation: 'rcpt' }, { reply: '550 5.1.1 no such user' });
  await ship('#nobody');
  const { step, error } = await outcome('#nobody', 'refused');
  assert.deepStrictEqual([step, error], [null, null]);
  const asked = await fleet.requests('smtp', 'rcpt');
  await fleet.hurry();
  await ship('#after', { email: 'nobody@example.com' });
  await outcome('#after', 'refused');
  assert.strictEqual(await fleet.requests('smtp', 'rcpt'), asked + 1);
  assert.strictEqual(Number(await fleet.db.value(`SELECT count(*) FROM order_event AS e JOIN orders AS o ON o.id = e.order_id
    WHERE o.name = '#nobody' AND e.kind = 'mailed' AND e.note = 'shipment: refused'`)), 1);
});

test('a server that refuses our mails for good makes a dead letter, not endless tries', async () => {
  await fleet.fault('smtp', { operation: 'message' }, { reply: '554 5.7.1 we do not like you' });
  await ship('#spam');
  const letter = await fleet.soon('a dead letter', async () => (
    (await fleet.db.rows("SELECT d.error, d.row_id FROM dead_letter AS d JOIN orders AS o ON o.id = d.order_id WHERE o.name = '#spam'"))[0]));
  assert.match(letter.error, /554/);
  await fleet.clear_faults('smtp');
  await fleet.hurry();
  assert.deepStrictEqual(await fleet.mails_to('spam@example.com'), []);
  await fleet.house.waybill('requeue', '--role', 'notify', String(letter.row_id));
  await outcome('#spam', 'sent');
});

test('a mail whose answer was lost is sent again under the same Message-ID', async () => {
  await fleet.fault('smtp', { operation: 'message', times: 1 }, { close: true, after_effect: true });
  await ship('#lost');
  await outcome('#lost', 'sent');
  const mails = await fleet.mails_to('lost@example.com');
  assert.strictEqual(mails.length, 2);
  assert.ok(mails[0].message_id);
  assert.strictEqual(mails[1].message_id, mails[0].message_id);
});

test('a customer without an address is recorded, and nobody is mailed', async () => {
  const before = await fleet.requests('smtp', 'mail');
  await ship('#silent', { email: null });
  await outcome('#silent', 'no_address');
  assert.strictEqual(await fleet.requests('smtp', 'mail'), before);
});

for (const who of ['none', 'store']) {
  test(`no mail of ours when it is the store's choice: customer_mail is ${who}`, async () => {
    const name = `#${who}`;
    await fleet.db.run(`UPDATE store SET customer_mail = '${who}';`);
    await fleet.order(name, { email: address(name), lines: [{ sku: 'EAST', quantity: 1 }, { sku: 'LATER', quantity: 1 }] });
    const one = await fleet.shipment(name, 'released');
    await fleet.house.waybill('shipment', 'ship', String(one.id));
    const { fulfillments } = await fleet.soon('the store to know', async () => {
      const order = await fleet.at_shop(name);
      return order.fulfillments.length === 1 && order;
    });
    assert.strictEqual(fulfillments[0].notify_customer, who === 'store');
    await fleet.receive('LATER', 'E', 1);
    await fleet.soon('the rest', async () => (await fleet.parcels(name)).length === 2);
    assert.deepStrictEqual([await notices(name), await fleet.mails_to(address(name))], [[], []]);
    await fleet.db.run("UPDATE store SET customer_mail = 'waybill';");
  });
}

test('a mail that was owed when the store changed its mind is not sent', async () => {
  await fleet.fault('smtp', { operation: 'connect', times: 1 }, { reply: '421 4.3.2 later' });
  await ship('#changed');
  await fleet.soon('the first try', async () => (await notices('#changed'))[0].attempt === 1);
  await fleet.db.run("UPDATE store SET customer_mail = 'none';");
  await outcome('#changed', 'not_wanted');
  await fleet.db.run("UPDATE store SET customer_mail = 'waybill';");
  assert.deepStrictEqual(await fleet.mails_to('changed@example.com'), []);
});

test('names and titles in any script arrive as they were written', async () => {
  await ship('#ünïcode', { email: 'unicode@example.com', shipping_address: { first_name: '王', last_name: 'Ørsted <x>' },
    lines: [{ sku: 'EAST', quantity: 1, title: 'Tasse „Größe“ 🫖 & <b>Löffel</b>' }] });
  await outcome('#ünïcode', 'sent');
  const [mail] = await fleet.mails_to('unicode@example.com');
  assert.ok(mail.subject.includes('#ünïcode'), mail.subject);
  assert.ok(mail.headers.to.includes('王 Ørsted <x>'), mail.headers.to);
  assert.deepStrictEqual(below(mail, 'In this parcel'), ['1 x Tasse „Größe“ 🫖 & <b>Löffel</b>']);
  assert.ok(mail.html.includes('Tasse „Größe“ 🫖 &amp; &lt;b&gt;Löffel&lt;/b&gt;'), mail.html);
});

test('a name cannot add a header or a recipient', async () => {
  await ship('#inject', { shipping_address: { first_name: 'Eve\r\nBcc: all@example.com\r\n', last_name: 'X' } });
  await outcome('#inject', 'sent');
  const [mail] = await fleet.mails_to('inject@example.com');
  assert.deepStrictEqual([mail.to, mail.headers.bcc], [['inject@example.com'], undefined]);
  assert.deepStrictEqual(await fleet.mails_to('all@example.com'), []);
});
