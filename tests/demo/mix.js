'use strict';

/*
 * The orders of the demo: of every kind some, in a random but repeatable order. Each says what the
 * store shall be told, and what has to come of it:
 *
 *   shipments   how many, undefined: depends on who was first
 *   state       the order's at the end
 *   hold        the kind of the hold that is still open at the end
 */

const { random_source } = require('../sim/lib/random');
const { BULK, SURPRISE } = require('./goods');

const units = (skus) => Object.entries(skus).map(([sku, quantity]) => ({ sku, quantity }));
const order = (skus, more = {}) => ({ lines: units(skus), ...more });
const DAY_MS = 86400000;

const TOKYO = { first_name: '花子', last_name: '山田', address1: '丸の内1-1-1', city: '千代田区',
  province: 'Tokyo', province_code: 'JP-13', zip: '100-0005', country: 'Japan', country_code: 'JP',
  phone: '+81355550100' };
const KOELN = { first_name: 'Jürgen', last_name: 'Müßig', address1: 'Straße der Häuser 5', city: 'Köln',
  province: null, province_code: null, zip: '50667', country: 'Germany', country_code: 'DE', phone: '+4922155501' };

const long_ago = () => new Date(Date.now() - 30 * DAY_MS).toISOString();

/*
 * share: of all orders; make(random): what the store is told. What is done later: pay or cancel once everything is
 * sold, or as an answer to a hold (wait_for_hold); clear: the kind of hold that the merchant lifts then.
 */
const KINDS = {
  'one location': { share: 0.30, shipments: 1,
    make: (random) => order({ 'TEE-S': 1 + Math.floor(random() * 3), 'TEE-M': 1 }) },
  'one location, one line': { share: 0.08, shipments: 1, make: () => order({ MUG: 1 }) },
  'split over two locations': { share: 0.09, shipments: 2, make: () => order({ LAMP: 1, VASE: 2 }) },
  'split over three locations': { share: 0.04, shipments: 3, make: () => order({ LAMP: 1, VASE: 1, CLOCK: 1 }) },
  'picked and shipped by hand': { share: 0.02, shipments: 1, make: () => order({ CLOCK: 2 }) },
  kit: { share: 0.05, shipments: 1, make: () => order({ 'GIFT-BOX': 2 }) },
  'from the 3PL': { share: 0.03, shipments: 1, make: () => order({ RUG: 1 }) },
  'dropship fallback': { share: 0.05, shipments: 1, make: () => order({ CHAIR: 1 }) },
  'partly backordered, then released': { share: 0.05, make: () => order({ MUG: 1, PRINT: 3 }) },
  'wholly backordered, then released': { share: 0.05, make: () => order({ POSTER: 2 }) },
  'still waiting for stock': { share: 0.01, shipments: 0, state: 'awaiting_fulfillment',
    make: () => order({ FRAME: 1 }) },
  'digital only': { share: 0.03, shipments: 0, make: () => order({ GUIDE: 1 }) },
  'gift card': { share: 0.02, shipments: 0, make: () => order({ CARD: 1 }) },
  'digital and physical': { share: 0.02, shipments: 1, make: () => order({ GUIDE: 1, CAP: 1 }) },
  'unknown SKU, then added': { share: 0.02, shipments: 1, clear: 'unknown_sku',
    make: () => order({ [SURPRISE.sku]: 1 }) },
  'unpaid, then paid': { share: 0.04, shipments: 1, later: 'pay',
    make: () => order({ CAP: 2 }, { financial_status: 'pending' }) },
  'cancelled before it was paid': { share: 0.02, shipments: 0, state: 'cancelled', later: 'cancel',
    make: () => order({ CAP: 1 }, { financial_status: 'pending' }) },
  'cancelled before its label': { share: 0.02, shipments: 0, state: 'cancelled', later: 'cancel',
    wait_for_hold: 'store', make: () => order({ MUG: 1 }, { hold: 'HIGH_RISK_OF_FRAUD' }) },
  'on hold at the store, then released': { share: 0.02, shipments: 1, later: 'release', wait_for_hold: 'store',
    clear: 'store', make: () => order({ CAP: 1 }, { hold: 'HIGH_RISK_OF_FRAUD' }) },
  'Unicode everywhere': { share: 0.03, shipments: 1,
    make: () => order({ 'CAFÉ-Ü': 2 }, { shipping_address: KOELN, note: 'Bitte klingeln ☎️ \u2028 "danke"',
      customer: { first_name: 'Jürgen', last_name: 'Müßig 🚚' } }) },
  'in yen, to Japan': { share: 0.02, shipments: 1,
    make: () => ({ lines: [{ sku: 'CAP', quantity: 2, price: '2300' }], currency: 'JPY',
      shipping: { title: 'Standard', price: '800' }, shipping_address: TOKYO,
      customer: { first_name: '花子', last_name: '山田' } }) },
  'sixty lines': { share: 0.007, shipments: 1, make: () => order(Object.fromEntries(BULK.map((sku) => [sku, 2]))) },
  'by express': { share: 0.03, shipments: 1,
    make: () => order({ 'TEE-M': 2 }, { shipping: { title: 'Express', price: '19' } }) },
  'test order': { share: 0.007, shipments: 0, state: 'paid', hold: 'test_order',
    make: () => order({ MUG: 1 }, { test: true }) },
  'missing address, then given': { share: 0.01, shipments: 1, later: 'address', wait_for_hold: 'pickup',
    make: () => order({ MUG: 2 }, { shipping_address: null }) },
  'older than orders_from': { share: 0.007, shipments: 0, state: 'paid', hold: 'too_old',
    make: () => order({ MUG: 1 }, { created_at: long_ago() }) },
  'older than orders_from, shipped all the same': { share: 0.007, shipments: 1, clear: 'too_old',
    make: () => order({ MUG: 1 }, { created_at: long_ago() }) },
};

const ADDRESS = { first_name: 'Ada', last_name: 'Lovelace', address1: '965 Mission Street', city: 'San Francisco',
  province: 'California', province_code: 'CA', zip: '94103', country: 'United States', country_code: 'US',
  phone: '+15553419393' };

function shuffle(list, random) {
  for (let i = list.length - 1; i > 0; i -= 1) {
    const other = Math.floor(random() * (i + 1));
    [list[i], list[other]] = [list[other], list[i]];
  }
  return list;
}

/* count orders at least, one of each kind at least: [{name, email, kind, expect, words}] */
function make_mix(count, seed = 1) {
  const random = random_source(seed);
  const made = [];
  for (const [kind, expect] of Object.entries(KINDS)) {
    const share = Math.max(1, Math.round(expect.share * count));
    for (let i = 0; i < share; i += 1) made.push({ kind, expect, words: expect.make(random) });
  }
  shuffle(made, random);
  made.forEach((one, i) => {
    one.name = `#${1001 + i}`;
    one.email = `buyer-${1001 + i}@example.com`;
    Object.assign(one.words, { name: one.name, number: 1001 + i, email: one.email });
  });
  return made;
}

module.exports = { KINDS, ADDRESS, make_mix };
