'use strict';

/*
 * The thread through everything: a webhook becomes a routed order, a label, a fulfillment and mails.
 */

const test = require('node:test');
const assert = require('assert');
const fs = require('fs');
const path = require('path');
const { House, seal, until } = require('../lib');

const SHOP = 'thread.myshopify.com';
const HOOK = 'thread-hook-key-0123456789';
const ROLES = ['ingest', 'reconcile', 'renew', 'route', 'release', 'rate', 'label', 'fulfill', 'notify', 'dead'];

let house;

async function credential(columns, values, kind, secret) {
  const key = Buffer.from(fs.readFileSync(path.join(house.dir, 'master.key'), 'utf8'), 'base64');
  const id = await house.owner.value("SELECT nextval('credential_id_seq')");
  const sealed = secret === null ? 'NULL' : `'\\x${seal(key, `credential:${id}`, secret).toString('hex')}'`;
  await house.owner.run(`INSERT INTO credential (id, merchant_id, ${columns}, kind, sealed, step)
    VALUES (${id}, 1, ${values}, '${kind}', ${sealed}, ${secret === null ? "'renew'" : 'NULL'});`);
}

async function world() {
  await house.control('shopify', 'shops', 'POST', {
    domain: SHOP, webhooks: { url: `${house.gateway_url}/webhook/shopify/${HOOK}` } });
  const locations = await house.control('shopify', `shops/${SHOP}/locations`, 'POST', [{ name: 'East' }, { name: 'West' }]);
  await house.control('shopify', `shops/${SHOP}/variants`, 'POST',
    [{ sku: 'A', price: '12.50', grams: 200 }, { sku: 'B', price: '3.00', grams: 50 }]);
  await house.owner.run(`
    INSERT INTO merchant (name, brand) VALUES ('thread', 'Thread & Co');
    INSERT INTO store (merchant_id, platform, domain, api_base, hook_key, orders_from, customer_mail, mail_from_name,
                       mail_from_address, step)
      VALUES (1, 'shopify', '${SHOP}', '${house.sim.shopify}/${SHOP}', '${HOOK}', now() - interval '1 day', 'waybill',
              'Thread', 'shop@thread.example', 'reconcile');
    INSERT INTO carrier_account (merchant_id, carrier, name, api_base) VALUES (1, 'shippo', 'shippo', '${house.sim.shippo}');
    INSERT INTO location (merchant_id, code, name, address1, city, province_code, zip, country_code, phone, email, auto_ship,
                          box_length_mm, box_width_mm, box_height_mm, box_grams)
      VALUES (1, 'E', 'East', '1 East St', 'New York', 'NY', '10001', 'US', '+12125550100', 'east@thread.example', true, 300, 200, 100, 100),
             (1, 'W', 'West', '1 West St', 'San Francisco', 'CA', '94103', 'US', '+14155550100', 'west@thread.example', true, 300, 200, 100, 100);
    INSERT INTO item (merchant_id, sku, title, grams) VALUES (1, 'A', 'A thing', 200), (1, 'B', 'B thing', 50);
    INSERT INTO stock_move (item_id, location_id, delta, kind) VALUES (1, 1, 5, 'receive'), (1, 2, 5, 'receive'), (2, 2, 9, 'receive');`);
  for (const [i, l] of locations.entries()) {
    const id = String(l.id).replace(/.*\//, '');
    await house.owner.run(`INSERT INTO store_location VALUES (1, ${i + 1}, '${id}');`);
  }
  await credential('store_id', '1', 'webhook_secret', 'hush');
  await credential('store_id', '1', 'client_id', 'sim-client');
  await credential('store_id', '1', 'client_secret', 'hush');
  await credential('store_id', '1', 'access_token', null);
  await credential('carrier_account_id', '1', 'api_key', 'shippo_test_1');
}

test.before(async () => {
  house = await House.open('thread', { simulators: true,
    conf: { clock: { wait_s: 1, again_s: 2, interval_ms: 200, reconcile_s: 5 }, log: { level: 'debug' } } });
  await world();
  for (const role of ROLES) house.start('waybill-worker', '--unit', `${role}@1`, role);
  house.start('waybill-gateway');
  house.start('waybill-clock');
});

test.after(() => house.close());

const order = (name) => house.control('shopify', `shops/${SHOP}/orders/${encodeURIComponent(name)}`);

test('an order is routed, labelled, fulfilled and mailed', async () => {
  const made = await house.control('shopify', `shops/${SHOP}/orders`, 'POST',
    { name: '#1', email: 'jane@example.com', lines: [{ sku: 'A', quantity: 2 }, { sku: 'B', quantity: 1 }] });
  assert.ok(made);
  await until('the order to be fulfilled', () => house.db.value("SELECT count(*) FROM orders WHERE state = 'fulfilled'").then((n) => Number(n) === 1), 20000);
  await until('the store to know', async () => (await order('#1')).fulfillments.length === 1);
  await until('the mail', async () => (await house.control('smtp', 'books')).mails.length === 1);
});
