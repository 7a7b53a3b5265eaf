'use strict';

/*
 * A world whose workers can be stopped and killed one by one, and what its orders cost outside.
 *
 *   const fleet = await Fleet.open('label', { alone: ['label'] });
 *   await fleet.start();
 *   await fleet.order('#1');
 *   await fleet.shipment('#1', 'shipped');
 *
 * Waiting goes through soon(): what waits for its next attempt is due at once, as if a person had said "now", so that no
 * test waits for a back-off.
 */

const { quote } = require('./database');
const { until } = require('./until');
const { World, ROLES } = require('./world');

const CLOCK = { wait_s: 1, again_s: 1, interval_ms: 50, reconcile_s: 86400 };

class Fleet extends World {
  /* alone: roles with a worker of their own; the others share one. Everything else as for World.open. */
  static async open(name, { alone = [], conf = {}, ...more } = {}) {
    const fleet = Object.assign(new Fleet(), await super.open(name, { ...more, conf: { clock: CLOCK, ...conf } }));
    fleet.alone = alone;
    fleet.workers = {};
    return fleet;
  }

  async start() {
    await super.start(ROLES.filter((role) => !this.alone.includes(role)));
    this.alone.forEach((role) => this.start_worker(role));
  }

  /* Under the same unit name in every life. */
  start_worker(role) {
    this.workers[role] = this.house.start('waybill-worker', '--unit', `${role}@1`, role);
  }

  /* ---- waiting ---- */

  hurry() {
    return this.house.hurry();
  }

  soon(what, check, deadline_ms = 15000) {
    return until(what, check, deadline_ms, () => this.hurry());
  }

  /* The one shipment of an order, with its parcel, once it is in this state or `wanted` says yes to it. */
  shipment(name, wanted, deadline_ms) {
    const check = typeof wanted === 'function' ? wanted : (one) => one.state === wanted;
    return this.soon(`the shipment of ${name}: ${wanted}`, async () => {
      const found = await this.parcels(name);
      if (found.length === 1 && check(found[0])) return found[0];
      throw new Error(JSON.stringify(found));
    }, deadline_ms);
  }

  /* Shipments with where they go from and their parcel. */
  parcels(name) {
    return this.db.rows(`SELECT s.id, s.state, s.step, s.is_held, s.attempt, s.error, s.source_id, s.lease, l.code AS location,
        extract(epoch FROM s.due_at - now())::float8 AS due_in_s, p.id AS parcel_id, p.tracking_number, p.tracking_url, p.service, p.carrier, p.rate_id
      FROM shipment AS s JOIN orders AS o ON o.id = s.order_id LEFT JOIN location AS l ON l.id = s.location_id
      LEFT JOIN parcel AS p ON p.shipment_id = s.id WHERE o.name = ${quote(name)} ORDER BY s.id`);
  }

  /* The first open hold of an order. */
  held(name, kind) {
    return this.soon(`${name} to be held: ${kind}`, async () => (await this.holds(name)).find((hold) => hold.kind === kind));
  }

  /* ---- things ---- */

  /* One more item and its variant at the store; columns: of its row; variant: of the store's. */
  async add_item(sku, { stock = {}, variant = {}, ...columns } = {}) {
    await this.house.control('shopify', `shops/${this.shop}/variants`, 'POST', { sku, price: '10.00', grams: 200, ...variant });
    const all = { merchant_id: 1, sku, title: `The ${sku}`, grams: 200, ...columns };
    await this.db.run(`INSERT INTO item (${Object.keys(all)}) VALUES (${Object.values(all).map(quote)});`);
    for (const [code, units] of Object.entries(stock)) await this.receive(sku, code, units);
  }

  /* {on_hand, allocated} of an item, at one location or in all. */
  stock(sku, code = '%') {
    return this.db.row(`SELECT coalesce(sum(on_hand), 0)::int AS on_hand, coalesce(sum(allocated), 0)::int AS allocated
      FROM stock JOIN item ON item.id = item_id JOIN location ON location.id = location_id
      WHERE sku = ${quote(sku)} AND code LIKE ${quote(code)}`);
  }

  /* ---- the outside ---- */

  fault(simulator, match, what) {
    return this.house.control(simulator, 'faults', 'POST', { match, do: what });
  }

  clear_faults(simulator) {
    return this.house.control(simulator, 'faults', 'DELETE');
  }

  /* Of all simulators; and as long ago was what we have got of them. */
  async advance_clock(ms) {
    await this.house.control('shopify', 'clock', 'POST', { advance_ms: ms });
    await this.owner.run(`UPDATE credential SET renewed_at = renewed_at - ${ms} * interval '1 ms';`);
  }

  /* Requests of an operation so far. */
  async requests(simulator, operation) {
    return (await this.house.control(simulator, 'books')).requests[operation] || 0;
  }

  /* Our purchases for an order. */
  intents(name) {
    return this.db.rows(`SELECT l.*, l.cost::int AS cost, d.content_type, d.path, encode(d.bytes, 'base64') AS bytes, encode(d.sha256, 'hex') AS sha256
      FROM label_purchase AS l JOIN parcel AS p ON p.id = l.parcel_id JOIN shipment AS s ON s.id = p.shipment_id
      JOIN orders AS o ON o.id = s.order_id LEFT JOIN label_document AS d ON d.label_purchase_id = l.id
      WHERE o.name = ${quote(name)} ORDER BY l.id`);
  }

  /* The carrier's purchases for an order, at any of its rates: those with a label, and all. */
  async labels(name) {
    const rates = new Set((await this.intents(name)).map((intent) => intent.rate_id));
    const all = (await this.house.control('shippo', 'books')).transactions.filter((one) => rates.has(one.rate));
    return { bought: all.filter((one) => one.status === 'SUCCESS'), all };
  }

  async mails_to(address) {
    return (await this.house.control('smtp', `messages?to=${encodeURIComponent(address)}`)).messages;
  }
}

module.exports = { Fleet };
