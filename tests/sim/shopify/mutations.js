'use strict';

/* The mutations. Each runs as one action of the shop, so that its webhooks share an event id. */

const { GraphQLError, valueFromASTUntyped } = require('../lib/graphql');
const { id_of } = require('./ids');
const { get } = require('./resolvers');
const fulfillment_orders = require('./fulfillment_orders');
const fulfillments = require('./fulfillments');
const inventory = require('./inventory');
const orders = require('./orders');

const KEY_LIFE_MS = 24 * 3600 * 1000;

function refused(error) {
  return { user_errors: [{ code: null, ...error }] };
}

const done = (payload) => ({ ...payload, user_errors: [] });

const NO_WORK = { field: ['id'], message: 'Fulfillment order does not exist.',
  code: 'FULFILLMENT_ORDER_NOT_FOUND' };

/* The fulfillment order named by `args.id`, given to `act`; its order is newer afterwards. */
function on_work(act, missing = NO_WORK) {
  return (root, args, { shop }) => {
    const found = get(shop, 'FulfillmentOrder', args.id);
    if (!found) return refused(missing);
    const result = act(shop, found, args);
    if (result.error) return refused(result.error);
    orders.changed(shop, found.order);
    return done(result);
  };
}

function unsupported(action) {
  return { error: { field: ['id'], code: null,
    message: `The fulfillment order does not support ${action}.` } };
}

/* The key of the field's @idempotent; without one the mutation is refused. */
function idempotency_key(info, variables) {
  for (const directive of info.fieldNodes[0].directives) {
    if (directive.name.value === 'idempotent') {
      return valueFromASTUntyped(directive.arguments[0].value, variables);
    }
  }
  throw new GraphQLError(
    'The @idempotent directive is required for this mutation but was not provided.',
    { extensions: { code: 'BAD_REQUEST' } });
}

/* Runs `act` once per key; a key with other input, or one that has failed, is refused. */
function once(shop, key, input, act) {
  const fingerprint = JSON.stringify(input);
  const known = shop.idempotency.get(key);
  if (known && known.until_ms > shop.now()) {
    if (known.fingerprint !== fingerprint) {
      return refused({ field: ['input'], code: 'IDEMPOTENCY_KEY_PARAMETER_MISMATCH',
        message: 'The idempotency key was used with other parameters.' });
    }
    if (known.result.user_errors.length === 0) return known.result;
    return refused({ field: ['input'], code: 'IDEMPOTENCY_PREVIOUS_ATTEMPT_FAILED',
      message: 'The previous attempt with this idempotency key failed.' });
  }
  const result = act();
  shop.idempotency.set(key, { fingerprint, result, until_ms: shop.now() + KEY_LIFE_MS });
  return result;
}

function inventory_set(root, { input }, { shop }, info) {
  const key = idempotency_key(info, info.variableValues);
  if (input.quantities.some((wish) => !('changeFromQuantity' in wish))) {
    throw new GraphQLError(
      'InventoryQuantityInput must include the following argument: changeFromQuantity.',
      { extensions: { code: 'INVALID_FIELD_ARGUMENTS' } });
  }
  return once(shop, key, input, () => {
    const { error, changes } = inventory.set_quantities(shop, input);
    if (error) return refused(error);
    return done({ inventory_adjustment_group: {
      id: `gid://shopify/InventoryAdjustmentGroup/${shop.next_id('InventoryAdjustmentGroup')}`,
      created_at: new Date(shop.now()).toISOString(), reason: input.reason,
      reference_document_uri: input.referenceDocumentUri, changes,
    } });
  });
}

function webhook_create(root, { topic, webhookSubscription: wish }, { shop }) {
  const uri = wish.uri || wish.callbackUrl;
  for (const known of shop.subscriptions.values()) {
    if (known.topic === topic && known.uri === uri) {
      return refused({ field: ['webhookSubscription', 'callbackUrl'],
        message: 'Address for this topic has already been taken' });
    }
  }
  const subscription = {
    id: shop.next_id('WebhookSubscription'), topic, uri, filter: wish.filter || null,
    include_fields: wish.includeFields || [], name: wish.name || null,
    created_ms: shop.now(), updated_ms: shop.now(),
  };
  shop.subscriptions.set(subscription.id, subscription);
  return done({ webhook_subscription: subscription });
}

function webhook_update(root, { id, webhookSubscription: wish }, { shop }) {
  const subscription = get(shop, 'WebhookSubscription', id);
  if (!subscription) return refused({ field: ['id'], message: 'Webhook subscription does not exist' });
  subscription.uri = wish.uri || subscription.uri;
  subscription.updated_ms = shop.now();
  return done({ webhook_subscription: subscription });
}

function webhook_delete(root, { id }, { shop }) {
  const removed = shop.subscriptions.delete(id_of('WebhookSubscription', id));
  if (!removed) return refused({ field: ['id'], message: 'Webhook subscription does not exist' });
  return done({ deleted_webhook_subscription_id: id });
}

function fulfillment_create(root, args, { shop }) {
  const { fulfillment, error } = fulfillments.create(shop, args.fulfillment, args.message);
  if (error) return refused(error);
  orders.fulfillment_changed(shop, fulfillment, 'create');
  return done({ fulfillment });
}

/* A change to the fulfillment that `args[name]` names. */
function on_fulfillment(name, act) {
  return (root, args, { shop }) => {
    const found = get(shop, 'Fulfillment', args[name]);
    if (!found) return refused({ field: [name], message: 'Fulfillment not found.' });
    const { fulfillment, error } = act(shop, found, args);
    if (error) return refused(error);
    orders.fulfillment_changed(shop, fulfillment, 'update');
    return done({ fulfillment });
  };
}

function split_all(root, { fulfillmentOrderSplits: wishes }, { shop }) {
  const results = [];
  for (const wish of wishes) {
    const found = get(shop, 'FulfillmentOrder', wish.fulfillmentOrderId);
    if (!found) return refused({ ...NO_WORK, field: ['fulfillmentOrderSplits'] });
    const { error, fulfillment_order, remaining } =
      fulfillment_orders.split(shop, found, wish.fulfillmentOrderLineItems);
    if (error) return refused(error);
    orders.changed(shop, found.order);
    results.push({ fulfillment_order, remaining_fulfillment_order: remaining });
  }
  return done({ fulfillment_order_splits: results });
}

const Mutation = {
  fulfillmentCreate: fulfillment_create,
  fulfillmentTrackingInfoUpdate: on_fulfillment('fulfillmentId', (shop, found, args) =>
    fulfillments.update_tracking(shop, found, args.trackingInfoInput)),
  fulfillmentCancel: on_fulfillment('id', (shop, found) => fulfillments.cancel(shop, found)),
  fulfillmentOrderMove: on_work((shop, found, args) => {
    const target = shop.locations.get(id_of('Location', args.newLocationId));
    const { error, moved, original } =
      fulfillment_orders.move(shop, found, target, args.fulfillmentOrderLineItems);
    return { error, moved_fulfillment_order: moved, original_fulfillment_order: original };
  }, { ...NO_WORK, code: null }),
  fulfillmentOrderSplit: split_all,
  fulfillmentOrderHold: on_work((shop, found, args) => {
    const wish = args.fulfillmentHold;
    const refused_handle = found.holds.some((hold) => hold.handle === (wish.handle || ''));
    if (refused_handle) {
      return { error: { field: ['fulfillmentHold', 'handle'],
        code: 'DUPLICATE_FULFILLMENT_HOLD_HANDLE', message: 'The handle is already in use.' } };
    }
    const hold = fulfillment_orders.add_hold(shop, found, { reason: wish.reason,
      reason_notes: wish.reasonNotes, handle: wish.handle, held_by_requesting_app: true });
    return { fulfillment_hold: hold, fulfillment_order: found };
  }),
  fulfillmentOrderReleaseHold: on_work((shop, found, args) => {
    const ids = args.holdIds && args.holdIds.map((id) => id_of('FulfillmentHold', id));
    fulfillment_orders.release_holds(shop, found, ids);
    return { fulfillment_order: found };
  }),
  fulfillmentOrderReportProgress: on_work((shop, found) => {
    if (!fulfillment_orders.supported_actions(shop, found).includes('REPORT_PROGRESS')) {
      return unsupported('REPORT_PROGRESS');
    }
    fulfillment_orders.report_progress(shop, found);
    return { fulfillment_order: found };
  }),
  fulfillmentOrderOpen: on_work((shop, found) => {
    if (!fulfillment_orders.supported_actions(shop, found).includes('MARK_AS_OPEN')) {
      return unsupported('MARK_AS_OPEN');
    }
    fulfillment_orders.mark_open(shop, found);
    return { fulfillment_order: found };
  }),
  inventorySetQuantities: inventory_set,
  webhookSubscriptionCreate: webhook_create,
  webhookSubscriptionUpdate: webhook_update,
  webhookSubscriptionDelete: webhook_delete,
};

module.exports = { Mutation };
