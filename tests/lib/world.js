'use strict';

/*
 * A merchant with a shop, two warehouses and some stock, before the simulators, and a fleet that works for it.
 *
 *   const world = await World.open('label', { auto_ship: true });
 *   await world.start();
 *   await world.order('#1', { lines: [{ sku: 'A', quantity: 2 }] });
 *   await world.until_state('#1', 'fulfilled');
 *   await world.close();
 *
 * Location 1 is E in New York, 2 is W in San Francisco. Tests may change everything by SQL before or after the start.
 */

const fs = require('fs');
const path = require('path');
const { quote } = require('./database');
const { free_port, request } = require('./http');
const { House } = require('./house');
const { seal } = require('./seal');
const { until } = require('./until');
const { send_webhook } = require('./webhook');

const ROLES = ['ingest', 'reconcile', 'renew', 'route', 'release', 'rate', 'label', 'fulfill', 'notify', 'erase', 'dead'];
const SECRET = 'hush'; /* of every app at the simulator */
const QUICK = { clock: { wait_s: 1, again_s: 2, interval_ms: 200 }, log: { level: 'debug' } };
const ITEMS = {
  A: { price: '12.50', grams: 200, stock: { E: 500, W: 500 } },
  B: { price: '3.00', grams: 50, stock: { W: 500 } },
};

function merge(conf, more) {
  const out = { ...conf };
  for (const [section, values] of Object.entries(more)) out[section] = { ...out[section], ...values };
  return out;
}

class World {
  /* items: {SKU: {price, grams, stock: {location: units}}}; conf as House has it; shop and store: see add_store(). */
  static async open(name, { items = ITEMS, auto_ship = true, conf = {}, shop = {}, store = {} } = {}) {
    const world = new World();
    world.house = await House.open(name, { simulators: true, conf: merge(QUICK, conf) });
    world.db = world.house.db;
    world.owner = world.house.owner;
    world.shop = `${name.replace(/_/g, '-')}.myshopify.com`;
    try {
      await world.add_merchant(auto_ship);
      await world.add_items(items);
      world.store_id = await world.add_store(world.shop, { items, shop, store });
    } catch (error) {
      await world.close();
      throw error;
    }
    return world;
  }

  async add_merchant(auto_ship) {
    await this.owner.run(`
      INSERT INTO merchant (name, brand) VALUES ('test', 'Test & Co');
      INSERT INTO carrier_account (merchant_id, carrier, name, api_base)
        VALUES (1, 'shippo', 'shippo', '${this.house.sim.shippo}');
      INSERT INTO location (merchant_id, code, name, address1, city, province_code, zip, country_code, phone, email,
                            auto_ship, box_length_mm, box_width_mm, box_height_mm, box_grams)
        VALUES (1, 'E', 'East', '1 East St', 'New York', 'NY', '10001', 'US', '+12125550100', 'east@test.example',
                ${auto_ship}, 300, 200, 100, 100),
               (1, 'W', 'West', '1 West St', 'San Francisco', 'CA', '94103', 'US', '+14155550100', 'west@test.example',
                ${auto_ship}, 300, 200, 100, 100);`);
    await this.add_credential('carrier_account_id', 1, 'api_key', 'shippo_test_1');
  }

  async add_items(items) {
    for (const [sku, { grams, stock = {} }] of Object.entries(items)) {
      await this.owner.run(`INSERT INTO item (merchant_id, sku, title, grams)
        VALUES (1, ${quote(sku)}, 'Item', ${grams || 'NULL'});`);
      for (const [code, units] of Object.entries(stock)) await this.receive(sku, code, units);
    }
  }

  /* A store of the merchant and the shop behind it; shop: settings of the simulator, store: columns. Returns its id. */
  async add_store(domain, { items = {}, shop = {}, store = {} } = {}) {
    const hook_key = `${domain.replace(/\W/g, '-')}-0123456789`;
    await this.house.control('shopify', 'shops', 'POST',
      { domain, webhooks: { url: `${this.house.gateway_url}/webhook/shopify/${hook_key}` }, ...shop });
    const places = await this.house.control('shopify', `shops/${domain}/locations`, 'POST',
      [{ name: 'East' }, { name: 'West' }]);
    for (const [sku, { price, grams }] of Object.entries(items)) {
      await this.house.control('shopify', `shops/${domain}/variants`, 'POST', { sku, price, grams });
    }
    const columns = { orders_from: 'yesterday', customer_mail: 'waybill', mail_from_name: 'Shop',
      mail_from_address: 'shop@test.example', step: 'reconcile', ...store };
    const id = await this.owner.value(`INSERT INTO store (merchant_id, platform, domain, api_base, hook_key,
                                                          ${Object.keys(columns).join()})
      VALUES (1, 'shopify', '${domain}', '${this.house.sim.shopify}/${domain}', '${hook_key}',
              ${Object.values(columns).map(quote).join()}) RETURNING id`);
    for (const [i, place] of places.entries()) {
      await this.owner.run(`INSERT INTO store_location VALUES (${id}, ${i + 1}, '${place.id.replace(/.*\//, '')}');`);
    }
    const secrets = { webhook_secret: SECRET, client_id: 'sim-client', client_secret: SECRET, access_token: null };
    for (const [kind, secret] of Object.entries(secrets)) {
      await this.add_credential('store_id', id, kind, secret);
    }
    return id;
  }

  /* Without a secret it is an access token that has to be fetched. */
  async add_credential(column, owner_id, kind, secret) {
    const key = Buffer.from(fs.readFileSync(path.join(this.house.dir, 'master.key'), 'utf8'), 'base64');
    const id = await this.owner.value("SELECT nextval('credential_id_seq')");
    const sealed = secret === null ? 'NULL' : `'\\x${seal(key, `credential:${id}`, secret).toString('hex')}'`;
    await this.owner.run(`INSERT INTO credential (id, merchant_id, ${column}, kind, sealed, step)
      VALUES (${id}, 1, ${owner_id}, '${kind}', ${sealed}, ${secret === null ? "'renew'" : 'NULL'});`);
  }

  async receive(sku, code, units) {
    await this.owner.run(`INSERT INTO stock_move (item_id, location_id, delta, kind)
      SELECT item.id, location.id, ${units}, 'receive' FROM item, location
       WHERE sku = ${quote(sku)} AND code = ${quote(code)};`);
  }

  /* One worker for all roles, gateway and clock. Returns when the store can be asked. */
  async start(roles = ROLES) {
    const monitor = `127.0.0.1:${await free_port()}`;
    this.monitor_url = `http://${monitor}`;
    this.worker = this.house.start('waybill-worker', '--unit', 'all@1', '--metrics', monitor, ...roles);
    this.gateway = this.house.start('waybill-gateway');
    this.clock = this.house.start('waybill-clock');
    await this.worker.prints('event=ready');
    await until('the gateway', async () => (await request(`${this.house.gateway_url}/healthz`)).status === 200);
    if (!roles.includes('renew')) return;
    await until('the tokens', () => this.db.value('SELECT count(*) = 0 FROM credential WHERE sealed IS NULL'), 20000);
  }

  close() {
    return this.house.close();
  }

  /* ---- what happens at the shop ---- */

  at_sim(what, given) {
    return this.house.control('shopify', `shops/${this.shop}/${what}`, 'POST', given);
  }

  /* A new order at the shop; webhooks follow, unless `given` says otherwise. */
  order(name, given = {}) {
    return this.at_sim('orders', { name, lines: [{ sku: 'A' }], ...given });
  }

  /* What somebody does to an order there: act('#1', 'cancel', {...}). */
  act(name, action, given = {}) {
    return this.at_sim(`orders/${encodeURIComponent(name)}/${action}`, given);
  }

  /* What somebody does to the first fulfillment order of an order. */
  async act_on_work(name, action, given = {}) {
    const [work] = (await this.at_shop(name)).fulfillment_orders;
    return this.at_sim(`fulfillment_orders/${work.id.replace(/.*\//, '')}/${action}`, given);
  }

  at_shop(name) {
    return this.house.control('shopify', `shops/${this.shop}/orders/${encodeURIComponent(name)}`);
  }

  webhooks(action, given = {}) {
    return this.at_sim(`webhooks${action}`, given);
  }

  webhooks_idle() {
    return this.house.control('shopify', 'webhooks/idle');
  }

  /* A signed webhook with this very body (an object is encoded). Returns the gateway's answer. */
  send(topic, body, more = {}) {
    const url = `${this.house.gateway_url}/webhook/shopify/${this.shop.replace(/\W/g, '-')}-0123456789`;
    return send_webhook(url, { topic, shop: this.shop, secret: SECRET, body, ...more });
  }

  /* ---- what has become of it ---- */

  /* Jobs a role has finished, whatever came of them. */
  async jobs(role) {
    const text = (await request(`${this.monitor_url}/metrics`)).body.toString();
    return [...text.matchAll(new RegExp(`^waybill_jobs_total\\{role="${role}",.*\\} (\\d+)$`, 'gm'))]
      .reduce((sum, found) => sum + Number(found[1]), 0);
  }

  /* Does something that makes `count` messages for ingest, and waits until they have been dealt with. */
  async ingests(count, action) {
    const before = await this.jobs('ingest');
    await action();
    await until(`ingest to deal with ${count} messages`, async () => (await this.jobs('ingest')) >= before + count);
  }

  find(name) {
    return this.db.row(`SELECT * FROM orders WHERE name = ${quote(name)}`);
  }

  until_state(name, state, deadline_ms = 20000) {
    return until(`${name} to be ${state}`, async () => {
      const order = await this.find(name);
      return order.state === state ? order : Promise.reject(new Error(order.state));
    }, deadline_ms);
  }

  /* Waits for an open hold of a kind; returns its row. */
  until_held(name, kind) {
    return until(`${name} to be held: ${kind}`,
      async () => (await this.holds(name)).find((hold) => hold.kind === kind));
  }

  holds(name) {
    return this.db.rows(`SELECT hold.* FROM hold JOIN orders ON orders.id = hold.order_id
      WHERE orders.name = ${quote(name)} AND cleared_at IS NULL ORDER BY hold.id`);
  }

  /* As a person does it. */
  async clear_holds(name) {
    await this.db.run(`UPDATE hold SET cleared_by = 'user:test', cleared_at = now() FROM orders
      WHERE orders.id = hold.order_id AND orders.name = ${quote(name)} AND cleared_at IS NULL;`);
  }

  shipments(name) {
    return this.db.rows(`SELECT shipment.* FROM shipment JOIN orders ON orders.id = shipment.order_id
      WHERE orders.name = ${quote(name)} ORDER BY shipment.id`);
  }

  /* Waits until an order has so many shipments in a state, and no others that are not cancelled. */
  until_shipments(name, count, state) {
    return until(`${name} to have ${count} shipments ${state}`, async () => {
      const live = (await this.shipments(name)).filter((one) => state === 'cancelled' || one.state !== 'cancelled');
      return live.length === count && live.every((shipment) => shipment.state === state) ? live
        : Promise.reject(new Error(JSON.stringify(live.map((shipment) => shipment.state))));
    }, 20000);
  }

  /* The states an order has gone through, as its events tell. */
  async walk(name) {
    const steps = await this.events(name, 'order_state');
    return steps.map((event) => `${event.from_state}>${event.to_state}`);
  }

  events(name, kind) {
    return this.db.rows(`SELECT order_event.* FROM order_event JOIN orders ON orders.id = order_event.order_id
      WHERE orders.name = ${quote(name)} ${kind ? `AND kind = ${quote(kind)}` : ''} ORDER BY seq`);
  }
}

module.exports = { World, ROLES };
