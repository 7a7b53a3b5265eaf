'use strict';

/*
 * A migrated database of a test's own, without broker and programs, to try its rules with plain SQL.
 *
 *   const schema = await Schema.open('schema_stock');
 *   await schema.refuses('UPDATE stock SET on_hand = 9', { code: '42501', message: /stock/ });
 *   await schema.sees('SELECT on_hand FROM stock', receive(1, 1, 5));     [{ on_hand: 5 }]
 *
 * Everything is tried as the workers' user, unless another is named, in a transaction that is rolled
 * back. There are a merchant, two stores (1 of shopify, with mails by us; 2 imported, without), the
 * locations 1 to 3, and the items 1 and 2 (tracked) and 3 (not tracked). The functions below are SQL
 * for more.
 */

const assert = require('assert');
const { Database } = require('./database');
const { migrate } = require('./house');
const { Servers } = require('./servers');

const WORLD = `
  INSERT INTO merchant (id, name, brand) VALUES (1, 'rules', 'Rules');
  INSERT INTO store (id, merchant_id, platform, domain, api_base, hook_key, customer_mail, mail_from_address) VALUES
    (1, 1, 'shopify', 'one.example', 'https://one.example', 'rules-hook-key-000001', 'waybill', 'shop@one.example'),
    (2, 1, 'none', 'two.example', '', 'rules-hook-key-000002', 'store', NULL);
  INSERT INTO location (id, merchant_id, code, name, address1, city, country_code)
    SELECT n, 1, 'L' || n, 'Location ' || n, 'Street 1', 'Town', 'DE' FROM generate_series(1, 3) AS n;
  INSERT INTO item (id, merchant_id, sku, is_tracked) VALUES (1, 1, 'A', true), (2, 1, 'B', true), (3, 1, 'C', false);
  INSERT INTO carrier_account (id, merchant_id, carrier, name, api_base) VALUES (1, 1, 'shippo', 'rules', 'https://carrier.example');`;

/* An order with one delivery group of the same id. */
function order(id, { state = 'awaiting_fulfillment', store = 1 } = {}) {
  return `
    INSERT INTO orders (id, merchant_id, store_id, source_id, name, state, placed_at, payment_status, currency, total,
                        presentment_currency, source_updated_at, source_hash)
      VALUES (${id}, 1, ${store}, '${id}', '#${id}', '${state}', now(), 'paid', 'EUR', 10000, 'EUR', now(), sha256(''));
    INSERT INTO delivery_group (id, order_id, position, kind) VALUES (${id}, ${id}, 0, 'ship');`;
}

/* Of the line, so many of the item per unit. */
function part(of, item, per_unit = 1) {
  return `
    INSERT INTO line_part (order_id, order_line_id, item_id, per_unit, quantity, cancelled)
      SELECT order_id, id, ${item}, ${per_unit}, ${per_unit} * ordered, ${per_unit} * cancelled FROM order_line WHERE id = ${of};`;
}

/* A line of an order, with one part unless item is null. */
function line(id, of, { ordered = 5, cancelled = 0, item = 1, per_unit = 1, needs_shipping = true } = {}) {
  return `
    INSERT INTO order_line (id, order_id, delivery_group_id, source_id, title, ordered, cancelled, unit_price,
                            unit_price_presentment, needs_shipping)
      VALUES (${id}, ${of}, ${of}, '${id}', 'A thing', ${ordered}, ${cancelled}, 10000, 10000, ${needs_shipping});
    ${item ? part(id, item, per_unit) : ''}`;
}

function receive(item, location, quantity) {
  return `INSERT INTO stock_move (item_id, location_id, delta, kind) VALUES (${item}, ${location}, ${quantity}, 'receive');`;
}

function shipment(id, of, { state = 'planned', location = 1 } = {}) {
  return `
    INSERT INTO shipment (id, merchant_id, order_id, delivery_group_id, location_id, state)
      VALUES (${id}, 1, ${of}, ${of}, ${location}, '${state}');`;
}

/* Units of all parts of a line, promised in a shipment. */
function promise(of, quantity, in_shipment = 1) {
  return `
    INSERT INTO allocation (line_part_id, shipment_id, quantity)
      SELECT id, ${in_shipment}, ${quantity} FROM line_part WHERE order_line_id = ${of};`;
}

/* Units of all parts of a line that wait. */
function wait(of, quantity) {
  return `
    INSERT INTO backorder (order_id, line_part_id, item_id, quantity, wanted)
      SELECT order_id, id, item_id, ${quantity}, ${quantity} FROM line_part WHERE order_line_id = ${of};`;
}

class Schema {
  static async open(name) {
    const schema = new Schema();
    const urls = await (await Servers.open()).fresh_database(`t_${name}`, migrate);
    schema.db = new Database(urls.WAYBILL_DB_URL);
    schema.operator = new Database(urls.WAYBILL_OPERATOR_URL);
    schema.owner = new Database(urls.WAYBILL_OWNER_URL);
    schema.admin = new Database(urls.WAYBILL_ADMIN_URL);
    await schema.db.run(WORLD);
    return schema;
  }

  /* The rows of query after the statements of setup. */
  async sees(query, setup = '', as = this.db) {
    const printed = await as.run(`BEGIN; ${setup};
      SELECT coalesce(jsonb_agg(t), '[]') FROM (${query}) AS t; ROLLBACK;`);
    return JSON.parse(printed.slice(printed.lastIndexOf('\n') + 1));
  }

  /* The attack is refused with that error, after setup has passed. */
  async refuses(attack, { code, message }, setup = '', as = this.db) {
    const attempt = as.run(`BEGIN; ${setup}; ${attack}; ROLLBACK;`);
    await assert.rejects(attempt, (error) => {
      assert.match(error.message, message);
      assert.strictEqual(error.code, code);
      return true;
    }, attack);
  }
}

module.exports = { Schema, line, order, part, promise, receive, shipment, wait };
