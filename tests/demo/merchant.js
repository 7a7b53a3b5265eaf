'use strict';

/*
 * What the demo's merchant does, all of it with the command line.
 */

const fs = require('fs');
const path = require('path');
const { SHOP, LOCATIONS, GOODS, KITS, SURPRISE } = require('./goods');

const BRAND = 'Northwind';
const BOX = { 'box-length-mm': 400, 'box-width-mm': 300, 'box-height-mm': 200, 'box-grams': 150 };
const CUSTOMS = { 'hs-code': '691110', 'origin-country': 'US' };

/* Rows of one shape as a CSV file's text. */
function csv(rows) {
  const cell = (value) => (/[",\n]/.test(value) ? `"${String(value).replace(/"/g, '""')}"` : String(value));
  const records = [Object.keys(rows[0]), ...rows.map((row) => Object.values(row))];
  return records.map((cells) => `${cells.map(cell).join(',')}\n`).join('');
}

class Merchant {
  constructor(house) {
    this.house = house;
    this.received = new Map(); /* "SKU at CODE" -> units, ever: what the books start from */
  }

  waybill(...args) {
    return this.house.waybill(...args);
  }

  file(name, text) {
    const at = path.join(this.house.dir, name);
    fs.writeFileSync(at, text, { mode: 0o600 });
    return at;
  }

  /* Everything before the first order; places: the store's ids of the locations, by our code. */
  async open(places) {
    await this.waybill('setup');
    await this.waybill('merchant', 'add', BRAND);
    await this.waybill('carrier', 'add', '--carrier', 'shippo', '--api-base', this.house.sim.shippo,
      '--key-file', this.file('shippo.key', 'shippo_test_1\n'));
    await this.waybill('location', 'import', this.file('locations.csv', csv(LOCATIONS.map((l) => ({
      code: l.code, name: l.name, kind: l.kind, priority: l.priority, 'shipment-cost': l.cost,
      'auto-ship': l.auto_ship ? 'yes' : 'no', ...BOX, address1: '1 Depot Road', city: l.city,
      province: l.province, zip: l.zip, country: 'US', phone: '+12125550100',
      email: `${l.code.toLowerCase()}@northwind.example`,
    })))));
    const store = await this.waybill('store', 'add', '--platform', 'shopify', '--domain', SHOP,
      '--api-base', `${this.house.sim.shopify}/${SHOP}`, '--client-id-file', this.file('client.id', 'sim-client\n'),
      '--client-secret-file', this.file('client.secret', 'hush\n'), '--customer-mail', 'waybill',
      '--mail-from-name', BRAND, '--mail-from', 'shop@northwind.example');
    this.hook_url = `${this.house.gateway_url}${store.webhook_path}`;
    for (const { code } of LOCATIONS) {
      await this.waybill('store', 'location', SHOP, '--location', code, '--id', places[code]);
    }
    await this.waybill('store', 'map', SHOP, '--title', 'Express', '--carrier', 'shippo', '--service', 'usps_priority');
    await this.add_goods();
  }

  async add_goods() {
    const goods = Object.entries(GOODS);
    await this.waybill('item', 'import', this.file('items.csv', csv(goods.map(([sku, { title, grams }]) => ({
      sku, title, grams, ...CUSTOMS })))));
    for (const [sku, { title, parts }] of Object.entries(KITS)) {
      const consists_of = Object.entries(parts).map(([part, n]) => `${part}=${n}`);
      await this.waybill('item', 'map', '--sku', sku, '--title', title, ...consists_of);
    }
    const stock = goods.flatMap(([sku, g]) => (
      Object.entries(g.stock).map(([location, quantity]) => ({ sku, location, quantity }))));
    await this.waybill('stock', 'import', this.file('stock.csv', csv(stock)));
    for (const { sku, location, quantity } of stock) this.note(sku, location, quantity);
  }

  note(sku, code, units) {
    const key = `${sku} at ${code}`;
    this.received.set(key, (this.received.get(key) || 0) + units);
  }

  async receive(sku, code, units) {
    await this.waybill('stock', 'receive', '--sku', sku, '--location', code, '--quantity', units);
    this.note(sku, code, units);
  }

  async add_surprise() {
    const { sku, title, grams, location, units } = SURPRISE;
    await this.waybill('item', 'add', '--sku', sku, '--title', title, '--grams', grams,
      ...Object.entries(CUSTOMS).flatMap(([name, value]) => [`--${name}`, value]));
    await this.receive(sku, location, units);
  }

  /* What is said to be settled may have been settled meanwhile by a webhook. */
  release(order) {
    return this.house.try_waybill(['order', 'release', order, '--all']);
  }

  async ship(shipments) {
    await this.waybill('shipment', 'pick', ...shipments);
    await this.waybill('shipment', 'ship', ...shipments);
  }
}

module.exports = { Merchant };
