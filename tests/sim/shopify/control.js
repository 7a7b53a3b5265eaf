'use strict';

/*
 * What a test or the demo can do to the shops by hand: everything a merchant, a buyer or Shopify
 * itself would do. README.md has examples.
 */

const { HttpError } = require('../lib/http');
const { id_of } = require('./ids');
const books = require('./books');
const fulfillment_orders = require('./fulfillment_orders');
const { import_order } = require('./import');
const inventory = require('./inventory');
const orders = require('./orders');
const rest = require('./rest');

function location_entry(location) {
  return { id: location.id, name: location.name, is_active: location.is_active,
    is_fulfillment_service: location.is_fulfillment_service };
}

function variant_entry(variant) {
  return { id: variant.id, sku: variant.sku, inventory_item_id: variant.item.id,
    product_id: variant.product_id };
}

/* Acts on one fulfillment order; its order is newer afterwards. */
const WORK_ACTIONS = {
  hold: (shop, work, given) => fulfillment_orders.add_hold(shop, work, given),
  release: (shop, work) => fulfillment_orders.release_holds(shop, work),
  progress: (shop, work) => fulfillment_orders.report_progress(shop, work),
  open: (shop, work) => fulfillment_orders.mark_open(shop, work),
  schedule: (shop, work, given) => {
    work.status = 'SCHEDULED';
    work.fulfill_at_ms = Date.parse(given.fulfill_at);
    fulfillment_orders.touch(shop, work);
  },
  request: (shop, work, given) => {
    work.request_status = given.request_status || 'SUBMITTED';
    work.status = work.request_status === 'ACCEPTED' ? 'IN_PROGRESS' : 'OPEN';
    fulfillment_orders.touch(shop, work);
  },
  move: (shop, work, given) => {
    const target = inventory.find_location(shop, given.location);
    const { error } = fulfillment_orders.move(shop, work, target, given.lines);
    if (error) throw new Error(error.message);
  },
};

const ORDER_ACTIONS = {
  pay: orders.mark_paid, authorize: orders.authorize, cancel: orders.cancel,
  refund: orders.refund, edit: orders.edit, update: orders.update,
  route: (shop, order) => {
    fulfillment_orders.route(shop, order);
    orders.changed(shop, order);
  },
  touch: (shop, order) => orders.changed(shop, order),
};

/* Sends any topic: of an order, of the shop, or `body` (text or object) exactly as given. */
function emit(shop, given) {
  let { body } = given;
  if (body === undefined && given.order !== undefined) {
    body = rest.text(rest.order(shop, orders.find(shop, given.order)));
  }
  if (body === undefined) body = rest.text(rest.shop_body(shop, given.topic, given));
  if (typeof body !== 'string') body = JSON.stringify(body);
  shop.outbox.action(given.webhooks, () => shop.outbox.emit(given.topic, body));
  if (given.topic === 'app/uninstalled') shop.installed = false;
}

function routes(sim) {
  const shop_of = ({ shop }) => {
    const found = sim.shops.get(shop);
    if (!found) throw new HttpError(404, { error: `no shop ${shop}` });
    return found;
  };
  const many = (request, one) => {
    const given = request.json();
    return Array.isArray(given) ? given.map(one) : one(given);
  };
  return {
    'POST /_sim/shops': (request) => many(request, (given) => {
      const shop = sim.add_shop(given);
      return { domain: shop.domain, id: shop.id, client_id: shop.client_id };
    }),
    'POST /_sim/shops/:shop/settings': (request, names) => {
      const shop = shop_of(names);
      const { webhooks, plan, ...plain } = request.json();
      if (webhooks) shop.outbox.configure(webhooks);
      if (plan) Object.assign(shop.bucket, plan, { level: plan.maximum || shop.bucket.level });
      for (const key of Object.keys(plain)) {
        if (!['scopes', 'client_secret', 'token_life_s', 'installed'].includes(key)) {
          throw new Error(`unknown setting "${key}"`);
        }
      }
      Object.assign(shop, plain);
      return { domain: shop.domain };
    },
    'POST /_sim/shops/:shop/tokens/expire': (request, names) => {
      shop_of(names).tokens.clear();
      return {};
    },
    'POST /_sim/shops/:shop/locations': (request, names) => many(request, (given) =>
      location_entry(inventory.add_location(shop_of(names), given))),
    'POST /_sim/shops/:shop/variants': (request, names) => many(request, (given) =>
      variant_entry(inventory.add_variant(shop_of(names), given))),
    'POST /_sim/shops/:shop/orders': (request, names) => many(request, (given) =>
      books.order_entry(shop_of(names), orders.create(shop_of(names), given))),
    'POST /_sim/shops/:shop/import': (request, names) =>
      books.order_entry(shop_of(names), import_order(shop_of(names), request.body.toString('utf8'))),
    'GET /_sim/shops/:shop/orders/:order': (request, names) =>
      books.order_entry(shop_of(names), orders.find(shop_of(names), names.order)),
    'POST /_sim/shops/:shop/orders/:order/:action': (request, names) => {
      const shop = shop_of(names);
      const act = ORDER_ACTIONS[names.action];
      if (!act) throw new Error(`no order action ${names.action}`);
      const order = orders.find(shop, names.order);
      const given = request.json();
      shop.outbox.action(given.webhooks, () => act(shop, order, given));
      return books.order_entry(shop, order);
    },
    'POST /_sim/shops/:shop/fulfillment_orders/:work/:action': (request, names) => {
      const shop = shop_of(names);
      const act = WORK_ACTIONS[names.action];
      const work = shop.fulfillment_orders.get(id_of('FulfillmentOrder', names.work));
      if (!act || !work) throw new Error(`no ${act ? 'fulfillment order' : 'action'} of that name`);
      const given = request.json();
      shop.outbox.action(given.webhooks, () => {
        act(shop, work, given);
        orders.changed(shop, work.order);
      });
      return books.order_entry(shop, work.order);
    },
    'GET /_sim/shops/:shop/webhooks': (request, names) => ({
      webhooks: shop_of(names).outbox.list() }),
    'POST /_sim/shops/:shop/webhooks': (request, names) => {
      emit(shop_of(names), request.json());
      return {};
    },
    'POST /_sim/shops/:shop/webhooks/pause': (request, names) => {
      shop_of(names).outbox.pause();
      return {};
    },
    'POST /_sim/shops/:shop/webhooks/resume': (request, names) => {
      shop_of(names).outbox.resume(request.json().order);
      return {};
    },
    'POST /_sim/shops/:shop/webhooks/:id/redeliver': (request, names) => {
      shop_of(names).outbox.redeliver(names.id);
      return {};
    },
    'GET /_sim/webhooks/idle': async () => {
      await Promise.all([...sim.shops.values()].map((shop) => shop.outbox.idle()));
      return { idle: true };
    },
  };
}

module.exports = { routes };
