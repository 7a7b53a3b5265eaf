'use strict';

/*
 * What is known of a purchase: every state it may go to, and what a settle of label may write over it. A worker that was taken for
 * dead may settle long after another has bought, found or given up: it may add to what is known, never take away.
 */

const test = require('node:test');
const assert = require('assert');
const fs = require('fs');
const path = require('path');
const { Schema, TOP, order, shipment } = require('../lib');

const LEGAL = {
  intended: ['unknown', 'bought', 'failed', 'voiding'],
  unknown: ['bought', 'failed', 'voiding'],
  bought: ['voiding'],
  failed: ['voiding'],
  voiding: ['voided'],
  voided: [],
};
const STATES = Object.keys(LEGAL);

/* The former holder says -> the row was -> it is. What is not here stays as it was. */
const SETTLED = {
  bought: { intended: 'bought', unknown: 'bought', bought: 'bought', failed: 'voiding' },
  unknown: { intended: 'unknown', unknown: 'unknown' },
  failed: { intended: 'failed', unknown: 'failed' },
};

const quote = (value) => (value === null ? 'NULL' : `'${value}'`);
const statement = (name) => fs.readFileSync(path.join(TOP, 'core', 'sql', `${name}.sql`), 'utf8');

/* Shipment 1 of order 1, leased by "mine", with parcel 1 and purchase 1. */
function purchase(state, columns = {}) {
  const all = { id: 1, parcel_id: 1, carrier_account_id: 1, attempt_id: '00000000-0000-0000-0000-000000000001', rate_id: 'rate', state, ...columns };
  return `${order(1)} ${shipment(1, 1)}
    UPDATE shipment SET step = 'label', lease = 'mine', lease_until = now() + interval '1 minute';
    INSERT INTO parcel (id, shipment_id, rate_amount, rate_currency, carrier) VALUES (1, 1, 55000, 'EUR', 'rated');
    INSERT INTO label_purchase (${Object.keys(all)}) VALUES (${Object.values(all).map(quote)});`;
}

function outcome(state, { id = null, cost = 'NULL', currency = null, reason = null } = {}) {
  return `PREPARE outcome AS ${statement('label_outcome')};
    EXECUTE outcome(ARRAY[1], ARRAY['${state}'], ARRAY[${quote(id)}], ARRAY[${cost}]::bigint[], ARRAY[${quote(currency)}], ARRAY[${quote(reason)}]);
    DEALLOCATE outcome;`;
}

function missed(is_lost, lease = 'mine') {
  return `PREPARE missed AS ${statement('label_missed')}; EXECUTE missed(ARRAY[1], ARRAY[1], ARRAY[${is_lost}], '${lease}'); DEALLOCATE missed;`;
}

function tracking(number, columns = ['url', 'USPS', 'priority']) {
  return `PREPARE tracking AS ${statement('label_tracking')};
    EXECUTE tracking(ARRAY[1], ARRAY['${number}'], ${columns.map((text) => `ARRAY['${text}']`)}); DEALLOCATE tracking;`;
}

let schema;
test.before(async () => { schema = await Schema.open('label_settle'); });

const row = async (setup, columns = 'state') => (await schema.sees(`SELECT ${columns} FROM label_purchase`, setup))[0];
const state = async (setup) => (await row(setup)).state;

for (const from of STATES) {
  for (const to of STATES.filter((one) => one !== from)) {
    const step = `UPDATE label_purchase SET state = '${to}';`;
    test(`a purchase that is ${from} ${LEGAL[from].includes(to) ? 'may become' : 'never becomes'} ${to}`, async () => {
      if (LEGAL[from].includes(to)) assert.strictEqual(await state(purchase(from) + step), to);
      else await schema.refuses(step, { code: 'P0001', message: new RegExp(`label purchase 1 cannot go from ${from} to ${to}`) }, purchase(from));
    });
  }
}

for (const [said, becomes] of Object.entries(SETTLED)) {
  for (const was of STATES) {
    test(`a purchase that is ${was} is ${becomes[was] || was} after anybody, lease or not, says "${said}"`, async () => {
      assert.strictEqual(await state(`${purchase(was)} UPDATE shipment SET lease = 'another'; ${outcome(said, { reason: 'because' })}`), becomes[was] || was);
    });
  }
}

for (const was of STATES) {
  const open = was === 'intended' || was === 'unknown';
  test(`a purchase that is ${was} and is not in the carrier's lists is ${open ? 'given up' : 'left alone'} by who holds the lease`, async () => {
    assert.strictEqual(await state(purchase(was) + missed(true)), open ? 'failed' : was);
    assert.strictEqual(await state(purchase(was) + missed(false)), open ? 'unknown' : was);
  });
  test(`a purchase that is ${was} is left alone by a former holder who did not find it`, async () => {
    assert.strictEqual(await state(purchase(was) + missed(true, 'former')), was);
  });
}

test('a purchase of which the carrier has told us the id is not given up', async () => {
  assert.strictEqual(await state(purchase('unknown', { source_id: 'theirs' }) + missed(true)), 'unknown');
});

test('the time of the first look that found nothing is kept', async () => {
  const since = await row(`${purchase('unknown', { missed_at: '2026-01-01T00:00:00Z' })} ${missed(false)}`, 'missed_at = \'2026-01-01T00:00:00Z\' AS kept');
  assert.deepStrictEqual(since, { kept: true });
});

test('a late settle fills in what is missing and overwrites nothing', async () => {
  const columns = 'state, source_id, cost, currency, bought_at = \'2026-01-01T00:00:00Z\' AS kept';
  const bought = purchase('bought', { source_id: 'first', cost: 100, currency: 'USD', bought_at: '2026-01-01T00:00:00Z' });
  const late = outcome('bought', { id: 'second', cost: 200, currency: 'EUR' });
  assert.deepStrictEqual(await row(bought + late, columns), { state: 'bought', source_id: 'first', cost: 100, currency: 'USD', kept: true });
  assert.deepStrictEqual(await row(purchase('bought', { bought_at: '2026-01-01T00:00:00Z' }) + late, columns),
    { state: 'bought', source_id: 'second', cost: 200, currency: 'EUR', kept: true });
});

test('what was bought costs what was rated, unless the carrier says otherwise', async () => {
  assert.deepStrictEqual(await row(purchase('intended') + outcome('bought'), 'cost, currency'), { cost: 55000, currency: 'EUR' });
});

test('an id that is too long to keep does not keep the purchase from being written down', async () => {
  assert.deepStrictEqual(await row(purchase('intended') + outcome('bought', { id: 'x'.repeat(300) }), 'state, source_id'), { state: 'bought', source_id: null });
});

test('what was bought for a shipment that is cancelled is to be given back, and nobody is due for it yet', async () => {
  for (const was of ['intended', 'unknown', 'bought', 'failed']) {
    assert.deepStrictEqual(await row(`${purchase(was)} UPDATE shipment SET state = 'cancelled', step = NULL; ${outcome('bought')}`, 'state, step'),
      { state: 'voiding', step: null });
  }
});

test('a purchase that was given up and bought after all does not stand in the way of the next', async () => {
  const next = "INSERT INTO label_purchase (id, parcel_id, carrier_account_id, attempt_id, rate_id) VALUES (2, 1, 1, '00000000-0000-0000-0000-000000000002', 'rate');";
  assert.deepStrictEqual(await schema.sees('SELECT id, state, source_id, is_live FROM label_purchase ORDER BY id',
    purchase('failed', { reason: 'lost' }) + next + outcome('bought', { id: 'theirs' })),
  [{ id: 1, state: 'voiding', source_id: 'theirs', is_live: false }, { id: 2, state: 'intended', source_id: null, is_live: true }]);
});

test('tracking is that of the label which the parcel has, not of one that was given up', async () => {
  const carried = async (was) => (await schema.sees('SELECT tracking_number, carrier FROM parcel', purchase(was) + tracking('1Z'))).pop();
  assert.deepStrictEqual(await carried('bought'), { tracking_number: '1Z', carrier: 'USPS' });
  for (const was of STATES.filter((one) => one !== 'bought')) {
    assert.deepStrictEqual(await carried(was), { tracking_number: null, carrier: 'rated' });
  }
});
