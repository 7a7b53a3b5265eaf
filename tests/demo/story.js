'use strict';

/*
 * The story that the demo and the tests tell: a store sells, carriers and mail servers fail now and
 * then, and the merchant does what only people can do, until nothing is left to do.
 */

const { Stopwatch, pass } = require('../lib');
const { Merchant } = require('./merchant');
const { SHOP, LOCATIONS, GOODS, KITS, INTANGIBLE, SURPRISE } = require('./goods');
const { ADDRESS } = require('./mix');

const TURN_MS = 250;
const WAITING = ['PRINT', 'POSTER'];

/* Everything that shows where things stand, in one statement. */
const SITUATION = `SELECT
  (SELECT count(*) FROM orders) AS orders,
  (SELECT count(*) FROM orders WHERE state IN ('fulfilled', 'cancelled')) AS orders_done,
  (SELECT count(*) FROM orders WHERE step = 'route' AND NOT is_held) AS to_route,
  (SELECT count(*) FROM shipment WHERE state <> 'cancelled') AS shipments,
  (SELECT count(*) FROM shipment WHERE state = 'shipped') AS shipped,
  (SELECT count(*) FROM label_purchase WHERE state = 'bought') AS labels,
  (SELECT count(*) FROM shipment WHERE source_id IS NOT NULL) AS told,
  (SELECT count(*) FROM notice WHERE outcome = 'sent') AS mails,
  (SELECT count(*) FROM backorder WHERE state = 'waiting') AS waiting,
  (SELECT count(*) FROM dead_letter WHERE state = 'open') AS dead,
  (SELECT count(*) FROM due_job
    WHERE NOT is_held AND step NOT IN ('reconcile', 'renew') AND due_at < 'infinity') AS due,
  (SELECT coalesce(json_agg(json_build_object('order', o.name, 'kind', h.kind, 'reason', h.reason) ORDER BY o.id), '[]')
     FROM hold AS h JOIN orders AS o ON o.id = h.order_id WHERE h.cleared_at IS NULL) AS holds,
  (SELECT coalesce(json_agg(id ORDER BY id), '[]') FROM shipment
    WHERE state = 'released' AND step IS NULL AND NOT is_held) AS floor`;

/* What is ordered and not there comes in two deliveries; the first is not enough. */
function deliveries(mix) {
  const lines = mix.flatMap((one) => one.words.lines);
  const missing = WAITING.map((sku) => {
    const ordered = lines.filter((line) => line.sku === sku).reduce((sum, line) => sum + line.quantity, 0);
    return { sku, units: ordered - Object.values(GOODS[sku].stock).reduce((sum, units) => sum + units, 0) };
  });
  const part = (share) => missing.map(({ sku, units }) => ({ sku, units: share(units) }))
    .filter(({ units }) => units > 0);
  return [...part((units) => Math.ceil(units / 2)), ...part((units) => Math.floor(units / 2))];
}

class Story {
  /* chunk: orders sold at once */
  constructor(house, mix, { chunk = 25 } = {}) {
    this.house = house;
    this.mix = mix;
    this.merchant = new Merchant(house);
    this.by_name = new Map(mix.map((one) => [one.name, one]));
    this.done = new Set(); /* acts that are done, by name */
    this.deliveries = deliveries(mix);
    this.chunk = chunk;
    this.sold = 0;
    this.turns = 0;
    this.on_turn = () => {};
  }

  /* The store as its owner has set it up; mix: which webhooks go wrong. */
  async open_shop(webhooks = {}) {
    const { house } = this;
    await house.control('shopify', 'shops', 'POST', { domain: SHOP });
    const places = await house.control('shopify', `shops/${SHOP}/locations`, 'POST',
      LOCATIONS.map(({ name }) => ({ name })));
    house.store_locations = Object.fromEntries(LOCATIONS.map(({ code }, i) => [code, places[i].id]));
    const variant = ([sku, { title, price, grams = 0, requires_shipping, gift_card }]) => (
      { sku, title, price, grams, requires_shipping, gift_card });
    await house.control('shopify', `shops/${SHOP}/variants`, 'POST',
      [...Object.entries({ ...GOODS, ...KITS, ...INTANGIBLE }), [SURPRISE.sku, SURPRISE]].map(variant));
    await this.merchant.open(house.store_locations);
    await house.control('shopify', `shops/${SHOP}/settings`, 'POST',
      { webhooks: { url: this.merchant.hook_url, ...webhooks } });
  }

  /* pay, cancel, address (the buyer gives one), release (the store lets go of it). */
  async shop_act(name, act) {
    const order = `shops/${SHOP}/orders/${encodeURIComponent(name)}`;
    if (act === 'address') {
      await this.house.control('shopify', `${order}/update`, 'POST', { shipping_address: ADDRESS });
    } else if (act === 'release') {
      for (const { id } of (await this.house.control('shopify', order)).fulfillment_orders) {
        await this.house.control('shopify', `shops/${SHOP}/fulfillment_orders/${id}/release`, 'POST', {});
      }
    } else {
      await this.house.control('shopify', `${order}/${act}`, 'POST', {});
    }
  }

  async sell() {
    while (this.sold < this.mix.length) {
      const some = this.mix.slice(this.sold, this.sold + this.chunk);
      await this.house.control('shopify', `shops/${SHOP}/orders`, 'POST', some.map((one) => one.words));
      this.sold += some.length;
      await this.turn();
    }
  }

  async look() {
    this.now = await this.house.db.row(SITUATION);
    this.on_turn(this.now);
    return this.now;
  }

  /* Does something once; true when it was done before. */
  async once(what, act) {
    if (this.done.has(what)) return;
    this.done.add(what);
    await act();
  }

  /* What people and buyers do as things stand. */
  async turn() {
    const now = await this.look();
    this.turns += 1;
    if (now.floor.length > 0) await this.merchant.ship(now.floor);
    for (const hold of now.holds) await this.answer_hold(hold);
    if (now.orders < this.mix.length) return;
    for (const one of this.mix) {
      if (one.expect.later && !one.expect.wait_for_hold) {
        await this.once(`${one.expect.later} ${one.name}`, () => this.shop_act(one.name, one.expect.later));
      }
    }
    if (now.to_route === 0) await this.restock();
  }

  /* The next delivery of what was missing. */
  async restock() {
    const delivery = this.deliveries.shift();
    if (delivery) await this.merchant.receive(delivery.sku, 'EAST', delivery.units);
  }

  /* What is behind a hold is put right first; then, unless Waybill sees that by itself, the order may go on. */
  async answer_hold({ order, kind, reason }) {
    const { expect } = this.by_name.get(order);
    if (kind === 'unknown_sku') await this.once('surprise', () => this.merchant.add_surprise());
    if (kind === expect.wait_for_hold && expect.later) {
      await this.once(`${expect.later} ${order}`, () => this.shop_act(order, expect.later));
    }
    if (kind === expect.clear || /carrier refuses|never found/.test(reason)) await this.merchant.release(order);
  }

  /* Orders that Waybill has not seen as the store has them now. */
  async behind() {
    const { shops } = await this.house.control('shopify', 'books');
    const ours = await this.house.db.rows(`SELECT source_id, extract(epoch FROM source_updated_at)::bigint AS at
      FROM orders`);
    const seen = new Map(ours.map(({ source_id, at }) => [source_id, Number(at)]));
    const is_seen = ({ id, updated_at }) => seen.get(id) >= Math.floor(Date.parse(updated_at) / 1000);
    return shops[SHOP].orders.filter((one) => !is_seen(one)).map((one) => one.name);
  }

  is_all_done() {
    return this.deliveries.length === 0
      && this.mix.every(({ name, expect }) => !expect.later || this.done.has(`${expect.later} ${name}`));
  }

  /* After a turn: nothing is due and the store has nothing new. */
  async is_over() {
    const is_quiet = this.now.orders >= this.mix.length && this.now.due === 0 && this.now.floor.length === 0;
    return is_quiet && this.is_all_done() && (await this.behind()).length === 0 && (await this.look()).due === 0;
  }

  async finish(deadline_ms) {
    const watch = new Stopwatch();
    for (;;) {
      await this.turn();
      if (await this.is_over()) return;
      if (watch.elapsed_ms() > deadline_ms) throw new Error(`not done after ${deadline_ms / 1000} s: ${JSON.stringify(this.now)}`);
      await pass(TURN_MS);
    }
  }
}

module.exports = { Story, SITUATION };
