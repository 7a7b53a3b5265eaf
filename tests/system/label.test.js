'use strict';

/*
 * One label per parcel, whatever happens on the way to the carrier. The carrier's own books say how many were bought.
 */

const test = require('node:test');
const assert = require('assert');
const crypto = require('crypto');
const fs = require('fs');
const path = require('path');
const { Fleet, until } = require('../lib');

const BUY = { operation: 'transaction_create', times: 1 };
const EIGHT_DAYS_MS = 8 * 24 * 3600 * 1000;

let fleet;

test.before(async () => {
  fleet = await Fleet.open('label', { alone: ['label'] });
  await fleet.start();
});

test.after(() => fleet.close());

test.afterEach(() => fleet.clear_faults('shippo'));

/* The order has shipped with one label, and that is the one in our books. */
async function one_label(name) {
  const { tracking_number } = await fleet.shipment(name, 'shipped');
  const { bought } = await fleet.labels(name);
  assert.deepStrictEqual(bought.map((one) => one.tracking_number), [tracking_number]);
  return bought[0];
}

/* A purchase of unknown outcome has been looked for in vain at least once. */
function unknown(name) {
  return fleet.soon(`a purchase for ${name} of unknown outcome`, async () => {
    const [intent] = await fleet.intents(name);
    return intent && intent.state === 'unknown' && (await fleet.parcels(name))[0].error.includes('not found yet') && intent;
  });
}

/* A purchase is older, by more than the grace time; and so is the look that did not find it. */
function age(name, by = '10 minutes') {
  return fleet.owner.run(`UPDATE label_purchase SET intended_at = intended_at - interval '${by}', missed_at = missed_at - interval '${by}'
    WHERE state = 'unknown' AND parcel_id IN (SELECT p.id FROM parcel AS p JOIN shipment AS s ON s.id = p.shipment_id
                          JOIN orders AS o ON o.id = s.order_id WHERE o.name = '${name}');`);
}

/* The newest purchase was looked for after the grace time, twice, with some time between. */
async function give_up(name) {
  await age(name);
  await fleet.soon(`a first look for the purchase of ${name} after the grace time`, async () => (await fleet.intents(name)).pop().missed_at);
  assert.strictEqual((await fleet.intents(name)).pop().state, 'unknown');
  await age(name);
}

for (const [when, fault] of Object.entries({
  'before the carrier has bought': { slow_ms: 1500 },
  'after the carrier has bought': { slow_ms: 1500, after_effect: true },
})) {
  test(`a worker killed while it waits for the answer, ${when}, finds the label in its next life`, async () => {
    const name = `#killed ${when}`;
    const before = await fleet.requests('shippo', 'transaction_create');
    await fleet.fault('shippo', BUY, fault);
    await fleet.order(name);
    await fleet.soon('the request', async () => (await fleet.requests('shippo', 'transaction_create')) > before);
    await fleet.workers.label.kill();
    fleet.start_worker('label');
    await one_label(name);
    assert.strictEqual((await fleet.labels(name)).all.length, 1);
  });
}

test('labels may be kept as files', async () => {
  const store = path.join(fleet.house.dir, 'labels');
  fs.mkdirSync(store);
  await fleet.workers.label.stop();
  fleet.house.write_conf({ labels: { store } });
  fleet.start_worker('label');
  await fleet.order('#file');
  await one_label('#file');
  const [intent] = await fleet.intents('#file');
  assert.deepStrictEqual([intent.path, intent.bytes], [path.join(store, `${intent.attempt_id}-${intent.sha256.slice(0, 8)}`), null]);
  assert.strictEqual(intent.sha256, crypto.createHash('sha256').update(fs.readFileSync(intent.path)).digest('hex'));
  assert.deepStrictEqual(fs.readdirSync(store), [path.basename(intent.path)]);
  fleet.house.write_conf();
  await fleet.workers.label.stop();
  fleet.start_worker('label');
});

test('a worker killed after the purchase, before it is written down, does not buy again', async () => {
  await fleet.fault('shippo', { operation: 'label_get', times: 1 }, { slow_ms: 20000 });
  const before = await fleet.requests('shippo', 'label_get');
  await fleet.order('#bought');
  await fleet.soon('the label to be fetched', async () => (await fleet.requests('shippo', 'label_get')) > before);
  await fleet.workers.label.kill();
  fleet.start_worker('label');
  await one_label('#bought');
  assert.strictEqual((await fleet.labels('#bought')).all.length, 1);
});

test('a worker that was taken for dead and buys after all does not make a second label', async () => {
  await fleet.workers.label.stop();
  await fleet.order('#stopped');
  await fleet.shipment('#stopped', (one) => one.step === 'label');
  const before = await fleet.requests('shopify', 'OrderFulfillmentOrders');
  await fleet.fault('shopify', { operation: 'OrderFulfillmentOrders', times: 1 }, { slow_ms: 1000 });
  fleet.start_worker('label');
  await fleet.soon('the store to be asked', async () => (await fleet.requests('shopify', 'OrderFulfillmentOrders')) > before);
  process.kill(fleet.workers.label.pid, 'SIGSTOP');
  await fleet.owner.run("UPDATE shipment SET lease_until = now() - interval '1 s' WHERE lease IS NOT NULL;");
  const other = fleet.house.start('waybill-worker', '--unit', 'label@2', 'label');
  try {
    await unknown('#stopped');
  } finally {
    process.kill(fleet.workers.label.pid, 'SIGCONT');
  }
  await one_label('#stopped');
  assert.strictEqual((await fleet.labels('#stopped')).all.length, 1);
  await other.stop();
});

test('a label at an expired rate is rated anew and bought once', async () => {
  await fleet.workers.label.stop();
  await fleet.order('#expired');
  const { rate_id } = await fleet.shipment('#expired', (one) => one.step === 'label');
  await fleet.advance_clock(EIGHT_DAYS_MS);
  fleet.start_worker('label');
  await one_label('#expired');
  assert.notStrictEqual((await fleet.parcels('#expired'))[0].rate_id, rate_id);
});

test('a rate that we know to be old is not even tried', async () => {
  await fleet.workers.label.stop();
  await fleet.order('#old');
  await fleet.shipment('#old', (one) => one.step === 'label');
  await fleet.owner.run("UPDATE parcel SET rated_at = now() - interval '8 days' WHERE tracking_number IS NULL;");
  fleet.start_worker('label');
  await one_label('#old');
  assert.strictEqual((await fleet.labels('#old')).all.length, 1);
});

/* Begun here and looked at in the end: it takes as long as a request may. */
test('a purchase is begun whose answer will not come in time', async () => {
  const before = await fleet.requests('shippo', 'transaction_create');
  await fleet.fault('shippo', BUY, { slow_ms: 60000, after_effect: true });
  await fleet.order('#slow');
  await fleet.soon('the request', async () => (await fleet.requests('shippo', 'transaction_create')) > before);
});

for (const [what, fault] of Object.entries({
  'the answer is lost': { close: true, after_effect: true },
  'the answer is cut off': { truncate: true },
  'the answer is a 500': { status: 500, after_effect: true },
  'the answer is a 503': { status: 503, after_effect: true },
  'the answer is HTML': { html: true, after_effect: true },
  'the answer leads elsewhere': { status: 302, after_effect: true },
  'the answer is a status that nobody knows': { status: 418, after_effect: true },
})) {
  test(`a label that was bought although ${what} is found, not bought again`, async () => {
    const name = `#${what}`;
    await fleet.fault('shippo', BUY, fault);
    await fleet.order(name);
    await one_label(name);
    assert.strictEqual((await fleet.labels(name)).all.length, 1);
    assert.strictEqual((await fleet.intents(name)).length, 1);
  });
}

test('a purchase that came with an id unknown to the carrier is found by its attempt', async () => {
  await fleet.fault('shippo', BUY, { set: { object_id: 'c0ffee', status: 'QUEUED' } });
  await fleet.order('#other id');
  await one_label('#other id');
  assert.strictEqual((await fleet.labels('#other id')).all.length, 1);
});

test('a list without results is no proof that nothing was bought', async () => {
  await fleet.fault('shippo', BUY, { close: true, after_effect: true });
  await fleet.fault('shippo', { operation: 'transaction_list', times: 2 }, { results_null: true });
  await fleet.order('#null');
  await one_label('#null');
  assert.strictEqual((await fleet.labels('#null')).all.length, 1);
});

test('a purchase that never reached the carrier is made once more, after the grace time', async () => {
  await fleet.fault('shippo', BUY, { status: 503 });
  await fleet.order('#503');
  await unknown('#503');
  await fleet.hurry();
  assert.strictEqual((await fleet.labels('#503')).all.length, 0);
  await give_up('#503');
  await one_label('#503');
  assert.deepStrictEqual((await fleet.intents('#503')).map((one) => [one.state, one.reason]), [['failed', 'lost'], ['bought', null]]);
});

test('after two purchases that were never found a person decides; then it is bought once', async () => {
  await fleet.fault('shippo', { ...BUY, times: 2 }, { close: true });
  await fleet.order('#never');
  await unknown('#never');
  await give_up('#never');
  await fleet.soon('the second attempt', async () => (await fleet.intents('#never'))[1]?.state === 'unknown');
  await give_up('#never');
  const hold = await fleet.held('#never', 'label');
  assert.match(hold.reason, /two purchases were never found/);
  assert.strictEqual((await fleet.intents('#never')).length, 2);
  assert.strictEqual((await fleet.labels('#never')).all.length, 0);
  await fleet.clear_holds('#never');
  await one_label('#never');
});

test('a carrier that asks for fewer calls is obeyed, and the attempt does not count', async () => {
  await fleet.fault('shippo', BUY, { status: 429, retry_after: 900 });
  await fleet.order('#429');
  const waiting = await until('the refusal', async () => (await fleet.parcels('#429')).find((one) => one.error && one.lease === null));
  assert.match(waiting.error, /fewer calls/);
  assert.strictEqual(waiting.attempt, 0);
  assert.ok(waiting.due_in_s > 800 && waiting.due_in_s < 920, `${waiting.due_in_s} s`);
  await one_label('#429');
});

test('a label that the carrier is still making is waited for', async () => {
  await fleet.house.control('shippo', 'settings', 'POST', { settle_ms: 60000 });
  await fleet.order('#queued');
  await fleet.shipment('#queued', (one) => one.error && one.error.includes('still making'));
  await fleet.hurry();
  assert.strictEqual((await fleet.parcels('#queued'))[0].state, 'planned');
  await fleet.advance_clock(60000);
  await fleet.house.control('shippo', 'settings', 'POST', { settle_ms: 0 });
  await one_label('#queued');
  assert.strictEqual((await fleet.labels('#queued')).all.length, 1);
});

test('a label that is being made for over an hour is looked after by a person', async () => {
  await fleet.house.control('shippo', 'settings', 'POST', { settle_ms: 60000 });
  await fleet.order('#stuck');
  await fleet.shipment('#stuck', (one) => one.error && one.error.includes('still making'));
  await age('#stuck', '2 hours');
  assert.match((await fleet.held('#stuck', 'label')).reason, /over an hour/);
  await fleet.advance_clock(60000);
  await fleet.house.control('shippo', 'settings', 'POST', { settle_ms: 0 });
  await fleet.clear_holds('#stuck');
  await one_label('#stuck');
  assert.strictEqual((await fleet.labels('#stuck')).all.length, 1);
});

/* What the carrier says beside "bought", and what the parcel keeps of it. */
const LONG = 'x'.repeat(300);
for (const [what, { says = {}, headers = {}, keeps = {} }] of Object.entries({
  'too long a tracking number': { says: { tracking_number: LONG }, keeps: { tracking_number: null } },
  'a tracking number of another type': { says: { tracking_number: 7 }, keeps: { tracking_number: null } },
  'too long an id': { says: { object_id: LONG }, keeps: { source_id: null } },
  'too long an address of the tracking page': { says: { tracking_url_provider: `https://x/${LONG.repeat(10)}` }, keeps: { tracking_url: null } },
  'a tracking page that is a script': { says: { tracking_url_provider: 'javascript:alert(1)' }, keeps: { tracking_url: null } },
  'too long a carrier and service': { says: { rate: { provider: LONG, servicelevel: { token: LONG } } }, keeps: { carrier: LONG.slice(0, 100) } },
  'a rate and messages of another type': { says: { rate: [7], messages: 7 } },
  'a type of the label in Latin-1': { headers: { 'content-type': 'application/pdf; name="\xfc.pdf"' }, keeps: { content_type: 'application/pdf' } },
  'a type of the label that is none': { headers: { 'content-type': '\xfc' }, keeps: { content_type: 'application/octet-stream' } },
})) {
  test(`a label that comes with ${what} is bought, on record, and ships`, async () => {
    const name = `#says ${what}`;
    for (const operation of ['transaction_create', 'transaction_get', 'transaction_list']) await fleet.fault('shippo', { operation }, { set: says });
    await fleet.fault('shippo', { operation: 'label_get' }, { headers });
    await fleet.order(name);
    await fleet.shipment(name, 'shipped');
    const [intent, ...others] = await fleet.intents(name);
    const [parcel] = await fleet.parcels(name);
    const { all: [label, ...more] } = await fleet.labels(name);
    assert.deepStrictEqual([others, more], [[], []]);
    assert.deepStrictEqual([intent.state, intent.currency, intent.cost], ['bought', 'USD', Math.round(Number(label.amount) * 10000)]);
    for (const [field, kept] of Object.entries(keeps)) assert.strictEqual({ ...parcel, ...intent }[field], kept, field);
  });
}

test('what the schema refuses of a label does not take the purchase along; the dead letter, tried again, ends well', async () => {
  await fleet.owner.run("ALTER TABLE parcel ADD CONSTRAINT picky CHECK (tracking_number NOT LIKE '9%') NOT VALID;");
  await fleet.order('#picky');
  const [letter] = await until('the dead letter', async () => {
    const open = await fleet.db.rows("SELECT id, error FROM dead_letter WHERE state = 'open'");
    return open.length && open;
  });
  assert.match(letter.error, /picky/);
  const [{ id }] = (await fleet.labels('#picky')).bought;
  const [intent] = await fleet.intents('#picky');
  assert.deepStrictEqual([intent.state, intent.source_id, intent.currency, intent.cost > 0], ['bought', id, 'USD', true]);
  await fleet.owner.run('ALTER TABLE parcel DROP CONSTRAINT picky;');
  await fleet.house.waybill('dead', 'retry', String(letter.id));
  await one_label('#picky');
  assert.strictEqual((await fleet.labels('#picky')).all.length, 1);
});

test('a label that is not there yet is fetched later, and paid once', async () => {
  await fleet.fault('shippo', { operation: 'label_get', times: 2 }, { status: 403 });
  await fleet.order('#fetch');
  await one_label('#fetch');
  assert.strictEqual((await fleet.labels('#fetch')).all.length, 1);
});

test('a purchase of unknown outcome is not forgotten when its order is cancelled', async () => {
  await fleet.fault('shippo', { operation: 'transaction_list' }, { status: 503 });
  await fleet.fault('shippo', BUY, { close: true, after_effect: true });
  await fleet.order('#forgotten');
  await fleet.shipment('#forgotten', (one) => one.error && one.attempt > 0);
  await fleet.act('#forgotten', 'cancel', { reason: 'CUSTOMER' });
  await fleet.shipment('#forgotten', 'cancelled');
  const [intent] = await fleet.intents('#forgotten');
  assert.deepStrictEqual([intent.state, intent.step], ['unknown', null]);
});

test('a label the carrier refuses holds the shipment with the carrier\'s reason; cleared, it is bought once', async () => {
  await fleet.fault('shippo', BUY, { carrier_error: 'The recipient lives on the moon.' });
  await fleet.order('#refused');
  const hold = await fleet.held('#refused', 'label');
  assert.match(hold.reason, /lives on the moon/);
  assert.strictEqual(hold.shipment_id, (await fleet.parcels('#refused'))[0].id);
  await fleet.clear_holds('#refused');
  await one_label('#refused');
});

test('a label\'s bytes, cost and tracking are kept', async () => {
  await fleet.order('#kept');
  const label = await one_label('#kept');
  const [intent] = await fleet.intents('#kept');
  const bytes = Buffer.from(intent.bytes, 'base64');
  assert.strictEqual(bytes.subarray(0, 5).toString(), '%PDF-');
  assert.strictEqual(intent.content_type, 'application/pdf');
  assert.strictEqual(intent.sha256, crypto.createHash('sha256').update(bytes).digest('hex'));
  assert.deepStrictEqual([intent.state, intent.source_id, intent.currency, intent.cost],
    ['bought', label.id, 'USD', Math.round(Number(label.amount) * 10000)]);
  const [parcel] = await fleet.parcels('#kept');
  assert.strictEqual(parcel.service, label.service);
  assert.ok(parcel.tracking_url.endsWith(label.tracking_number), parcel.tracking_url);
});

/* The first of them cannot be written for a while, so the others come together. */
test('large labels that are written together are all kept, whole', async () => {
  const label_bytes = 600000;
  const names = [1, 2, 3, 4, 5, 6, 7, 8].map((n) => `#large ${n}`);
  await fleet.house.control('shippo', 'settings', 'POST', { label_bytes });
  const busy = fleet.owner.run('BEGIN; LOCK TABLE label_document IN SHARE MODE; SELECT pg_sleep(4); COMMIT;');
  await Promise.all(names.map((name) => fleet.order(name)));
  await busy;
  for (const name of names) {
    await one_label(name);
    const [{ bytes, sha256 }] = await fleet.intents(name);
    const kept = Buffer.from(bytes, 'base64');
    assert.deepStrictEqual([kept.length, sha256], [label_bytes, crypto.createHash('sha256').update(kept).digest('hex')]);
  }
  await fleet.house.control('shippo', 'settings', 'POST', { label_bytes: 0 });
});

test('the label whose answer did not come in time is found, not bought again', async () => {
  await fleet.shipment('#slow', 'shipped', 40000);
  await one_label('#slow');
  assert.strictEqual((await fleet.labels('#slow')).all.length, 1);
});

test('every label in the carrier\'s books belongs to a purchase of ours', async () => {
  const { transactions } = await fleet.house.control('shippo', 'books');
  const sold = transactions.filter((one) => one.status === 'SUCCESS').map((one) => one.metadata).sort();
  const ours = await fleet.db.rows("SELECT 'wb:' || attempt_id AS metadata FROM label_purchase WHERE state = 'bought'");
  const forgotten = (await fleet.labels('#forgotten')).bought;
  assert.deepStrictEqual([...ours, ...forgotten].map((one) => one.metadata).sort(), sold);
});
