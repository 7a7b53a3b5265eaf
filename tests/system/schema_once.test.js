'use strict';

/*
 * What must not happen twice, the database refuses to record twice.
 */

const test = require('node:test');
const { Schema, order, shipment } = require('../lib');

const once = (index) => ({ code: '23505', message: new RegExp(`"${index}`) });
const check = (name) => ({ code: '23514', message: new RegExp(`"${name}`) });
const purchase = (attempt, state = 'intended') => `
  INSERT INTO label_purchase (parcel_id, carrier_account_id, attempt_id, rate_id, state)
    VALUES (1, 1, '00000000-0000-0000-0000-00000000000${attempt}', 'rate', '${state}');`;
const PARCEL = `${order(1)} ${shipment(1, 1)} INSERT INTO parcel (id, shipment_id) VALUES (1, 1), (2, 1);`;
const store = (platform, domain, hook_key) => `
  INSERT INTO store (id, merchant_id, platform, domain, api_base, hook_key) VALUES (3, 1, '${platform}', '${domain}', '', '${hook_key}');`;
const notice = "INSERT INTO notice (order_id, kind, subject_id) VALUES (1, 'shipment', 1);";

let schema;
test.before(async () => { schema = await Schema.open('schema_once'); });

for (const first of ['intended', 'unknown', 'bought']) {
  test(`a parcel with a label that is ${first} gets no other`, async () => {
    for (const second of ['intended', 'bought']) {
      await schema.refuses(purchase(2, second), once('label_purchase_live'), PARCEL + purchase(1, first));
    }
  });
}

for (const first of ['failed', 'voiding', 'voided']) {
  test(`a parcel whose label is ${first} may get another, and then that one only`, async () => {
    await schema.sees('SELECT 1', PARCEL + purchase(1, first) + purchase(2));
    await schema.refuses(purchase(3), once('label_purchase_live'), PARCEL + purchase(1, first) + purchase(2));
  });
}

test('an attempt to buy is one attempt, for whatever parcel', () => schema.refuses(
  purchase(1).replace('VALUES (1,', 'VALUES (2,'), once('label_purchase_attempt_id_key'), PARCEL + purchase(1)));

test('a label has one document, of at most 4 MiB, here or in a file', async () => {
  const document = (bytes, path) => `INSERT INTO label_document (label_purchase_id, content_type, bytes, path, sha256)
    SELECT id, 'application/pdf', ${bytes}, ${path}, sha256('') FROM label_purchase;`;
  await schema.refuses(document("'x'", 'NULL'), once('label_document_pkey'), PARCEL + purchase(1) + document("'x'", 'NULL'));
  await schema.refuses(document("convert_to(repeat('x', 4194305), 'UTF8')", 'NULL'), check('label_document_bytes_check'),
    PARCEL + purchase(1));
  await schema.refuses(document('NULL', 'NULL'), check('label_document_check'), PARCEL + purchase(1));
  await schema.refuses(document("'x'", "'/labels/1'"), check('label_document_check'), PARCEL + purchase(1));
});

test('a customer is told of one thing once', async () => {
  await schema.refuses(notice, once('notice_order_id_kind_subject_id_key'), order(1) + notice);
  await schema.sees('SELECT 1', `${order(1)} ${notice}
    INSERT INTO notice (order_id, kind, subject_id) VALUES (1, 'shipment', 2), (1, 'release', 1);`);
});

test("a store's order is recorded once", () => schema.refuses(order(2).replace("'2', '#2'", "'1', '#2'"),
  once('orders_store_id_source_id_key'), order(1)));

test('a part ships in one row per shipment', () => schema.refuses(`
  INSERT INTO allocation (line_part_id, shipment_id, quantity) VALUES (1, 1, 1), (1, 1, 1)`, once('allocation_pkey'), PARCEL));

test('a tracking event is recorded once', () => schema.refuses(`
  INSERT INTO tracking_event (parcel_id, source_id, status, at) VALUES (1, 'e', 'transit', now()), (1, 'e', 'transit', now())`,
once('tracking_event_parcel_id_source_id_key'), PARCEL));

for (const table of ['cancellation', 'refund']) {
  test(`a ${table} that is asked for twice is one`, () => {
    const columns = table === 'refund' ? 'amount, currency' : 'reason';
    const values = table === 'refund' ? "1, 'EUR'" : "'because'";
    const ask = `INSERT INTO ${table} (order_id, key, ${columns}) VALUES (1, '00000000-0000-0000-0000-000000000001', ${values});`;
    return schema.refuses(ask, once(`${table}_key_key`), order(1) + ask);
  });
}

test("a store's refund is recorded once", () => schema.refuses(`
  INSERT INTO refund (order_id, key, source_id, amount, currency) SELECT 1, gen_random_uuid(), 'r', 1, 'EUR' FROM generate_series(1, 2)`,
once('refund_order_id_source_id_key'), order(1)));

test('a request about personal data that comes again is the same', () => schema.refuses(`
  INSERT INTO store_request (store_id, kind, body_hash) SELECT 1, 'shop_redact', sha256('') FROM generate_series(1, 2)`,
once('store_request_store_id_kind_body_hash_key')));

test('a webhook address, a store and a credential are one each', async () => {
  await schema.refuses(store('none', 'x', 'rules-hook-key-000001'), once('store_hook_key_key'));
  await schema.refuses(store('none', 'two.example', 'rules-hook-key-000003'), once('store_platform_domain_key'));
  await schema.refuses(`INSERT INTO credential (merchant_id, store_id, kind, sealed) SELECT 1, 1, 'client_id', '' FROM generate_series(1, 2)`,
    once('credential_store_id_kind_key'));
});

test('a credential belongs to a store or to an account, not to both or none', async () => {
  for (const [of_store, of_account] of [[1, 1], ['NULL', 'NULL']]) {
    await schema.refuses(`INSERT INTO credential (merchant_id, store_id, carrier_account_id, kind, sealed)
      VALUES (1, ${of_store}, ${of_account}, 'api_key', '')`, check('credential_check'));
  }
});
