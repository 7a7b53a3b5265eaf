'use strict';

/*
 * What the demo's merchant does.
 */

const fs = require('fs');
const path = require('path');
const { seal, quote } = require('../lib');
const { SHOP, LOCATIONS, GOODS, KITS, SURPRISE } = require('./goods');

const HOOK = 'demo-hook-key-0123456789';
const MERCHANT = 'Northwind';

class Merchant {
  constructor(house) {
    this.house = house;
    this.received = new Map(); /* "SKU at CODE" -> units, ever: what the books start from */
  }

  note(sku, code, units) {
    const key = `${sku} at ${code}`;
    this.received.set(key, (this.received.get(key) || 0) + units);
  }

  /* Everything before the first order. */
  async open() {
    const { house } = this;
    await house.owner.run(`
      INSERT INTO merchant (name, brand) VALUES ('${MERCHANT}', '${MERCHANT}');
      INSERT INTO store (merchant_id, platform, domain, api_base, hook_key, orders_from, customer_mail, mail_from_name,
                         mail_from_address, step)
        VALUES (1, 'shopify', '${SHOP}', '${house.sim.shopify}/${SHOP}', '${HOOK}', now() - interval '1 day', 'waybill',
                '${MERCHANT}', 'shop@northwind.example', 'reconcile');
      INSERT INTO carrier_account (merchant_id, carrier, name, api_base)
        VALUES (1, 'shippo', 'shippo', '${house.sim.shippo}');
      INSERT INTO service_map VALUES (1, 'Express', 1, 'usps_priority');`);
    await this.locations();
    await this.items();
    await this.credential('store_id', 'webhook_secret', 'hush');
    await this.credential('store_id', 'client_id', 'sim-client');
    await this.credential('store_id', 'client_secret', 'hush');
    await this.credential('store_id', 'access_token', null);
    await this.credential('carrier_account_id', 'api_key', 'shippo_test_1');
  }

  async credential(column, kind, secret) {
    const { house } = this;
    const key = Buffer.from(fs.readFileSync(path.join(house.dir, 'master.key'), 'utf8'), 'base64');
    const id = await house.owner.value("SELECT nextval('credential_id_seq')");
    const sealed = secret === null ? 'NULL' : `'\\x${seal(key, `credential:${id}`, secret).toString('hex')}'`;
    await house.owner.run(`INSERT INTO credential (id, merchant_id, ${column}, kind, sealed, step)
      VALUES (${id}, 1, 1, '${kind}', ${sealed}, ${secret === null ? "'renew'" : 'NULL'});`);
  }

  async locations() {
    for (const [i, l] of LOCATIONS.entries()) {
      await this.house.owner.run(`
        INSERT INTO location (merchant_id, code, name, kind, address1, city, province_code, zip, country_code, phone, email,
                              priority, shipment_cost, auto_ship, box_length_mm, box_width_mm, box_height_mm, box_grams)
          VALUES (1, '${l.code}', '${l.name}', '${l.kind}', '1 Depot Road', '${l.city}', '${l.province}', '${l.zip}', 'US',
                  '+12125550100', '${l.code}@northwind.example', ${l.priority}, ${Number(l.cost) * 10000}, ${l.auto_ship},
                  400, 300, 200, 150);
        INSERT INTO store_location VALUES (1, ${i + 1}, '${this.house.store_locations[l.code]}');`);
    }
  }

  async items() {
    const rows = Object.entries(GOODS).map(([sku, g]) => `(1, ${quote(sku)}, ${quote(g.title)}, ${g.grams}, '691110', 'US')`);
    await this.house.owner.run(`INSERT INTO item (merchant_id, sku, title, grams, hs_code, origin_country) VALUES ${rows};`);
    for (const [sku, kit] of Object.entries(KITS)) {
      await this.house.owner.run(`INSERT INTO listing (merchant_id, store_id, sku, title) VALUES (1, 1, '${sku}', '${kit.title}');
        INSERT INTO listing_part SELECT currval('listing_id_seq'), i.id, k.n
          FROM item AS i JOIN (VALUES ${Object.entries(kit.parts).map(([part, n]) => `('${part}', ${n})`)}) AS k(sku, n) USING (sku);`);
    }
    for (const [sku, { stock }] of Object.entries(GOODS)) {
      for (const [code, units] of Object.entries(stock)) await this.receive(sku, code, units);
    }
  }

  async receive(sku, code, units) {
    await this.house.owner.run(`INSERT INTO stock_move (item_id, location_id, delta, kind)
      SELECT i.id, l.id, ${units}, 'receive' FROM item AS i, location AS l WHERE i.sku = ${quote(sku)} AND l.code = '${code}';`);
    this.note(sku, code, units);
  }

  async add_surprise() {
    await this.house.owner.run(`INSERT INTO item (merchant_id, sku, title, grams, hs_code, origin_country)
      VALUES (1, '${SURPRISE.sku}', '${SURPRISE.title}', ${SURPRISE.grams}, '691110', 'US');`);
    await this.receive(SURPRISE.sku, SURPRISE.location, SURPRISE.units);
  }

  /* The open hold of this kind on an order or its shipments. */
  async clear(name, kind) {
    await this.house.owner.run(`UPDATE hold SET cleared_by = 'user:demo', cleared_at = now()
      WHERE cleared_at IS NULL AND kind = '${kind}' AND order_id = (SELECT id FROM orders WHERE name = '${name}');`);
  }

  async ship(shipment) {
    await this.house.owner.run(`SELECT shipments_ship(ARRAY[${shipment}]::bigint[]);`);
  }

  get hook_url() {
    return `${this.house.gateway_url}/webhook/shopify/${HOOK}`;
  }
}

module.exports = { Merchant };
