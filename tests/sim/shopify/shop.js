'use strict';

/* One store: its settings, and the things in it by id. */

const crypto = require('node:crypto');

const { Outbox } = require('./webhooks');
const { Bucket } = require('./cost');

const SCOPES = ['read_orders', 'write_orders', 'read_fulfillments', 'write_fulfillments',
  'read_merchant_managed_fulfillment_orders', 'write_merchant_managed_fulfillment_orders',
  'read_third_party_fulfillment_orders', 'write_third_party_fulfillment_orders',
  'read_products', 'read_inventory', 'write_inventory', 'read_locations', 'read_customers'];

/* A development store's bucket. */
const PLAN = { maximum: 20000, restore_per_s: 1000, max_cost: 1000 };

class Shop {
  constructor(clock, random, options) {
    this.clock = clock;
    this.domain = options.domain;
    this.name = options.name || options.domain.split('.')[0];
    this.email = options.email || 'owner@example.com';
    this.currency = options.currency || 'USD';
    this.timezone = options.timezone || 'America/Toronto';
    this.offset_minutes = options.offset_minutes === undefined ? -300 : options.offset_minutes;
    this.client_id = options.client_id || 'sim-client';
    this.client_secret = options.client_secret || 'hush';
    this.scopes = options.scopes || SCOPES;
    this.token_life_s = options.token_life_s || 86399;
    this.installed = true;
    this.tokens = new Map();
    this.token_grants = 0;
    this.id_offset = BigInt(options.id_offset || 0);
    this.next_ids = new Map();
    this.id = this.next_id('Shop');
    this.app_id = this.next_id('App');
    this.next_order_number = options.first_order_number || 1001;
    this.locations = new Map();
    this.variants = new Map();
    this.variants_by_sku = new Map();
    this.items = new Map();
    this.orders = new Map();
    this.lines = new Map();
    this.fulfillment_orders = new Map();
    this.fulfillments = new Map();
    this.subscriptions = new Map();
    this.idempotency = new Map();
    this.bucket = new Bucket(clock, { ...PLAN, ...options.plan });
    this.outbox = new Outbox(this, random);
    if (options.webhooks) this.outbox.configure(options.webhooks);
    this.created_ms = this.now();
  }

  now() {
    return this.clock.now();
  }

  /* Ids are decimal text: real ones pass 2^53. Each kind of thing has a range of its own. */
  next_id(kind) {
    const known = this.next_ids.get(kind);
    const id = known === undefined ? first_id(kind) + this.id_offset : known;
    this.next_ids.set(kind, id + 1n);
    return id.toString();
  }

  grant_token() {
    const token = `shpat_${crypto.randomBytes(16).toString('hex')}`;
    this.tokens.set(token, this.now() + this.token_life_s * 1000);
    this.token_grants++;
    return token;
  }

  token_is_good(token) {
    const until = this.installed && this.tokens.get(token);
    return until !== undefined && until > this.now();
  }
}

const FIRST_IDS = {
  Shop: 548380009n, App: 580111n, Location: 73153839001n, Order: 6400000000001n,
  LineItem: 16000000000001n, FulfillmentOrder: 7600000000001n,
  FulfillmentOrderLineItem: 14000000000001n, Fulfillment: 5000000000001n,
  ProductVariant: 44000000000001n, Product: 8000000000001n, InventoryItem: 46000000000001n,
  Customer: 7000000000001n,
};

function first_id(kind) {
  return FIRST_IDS[kind] || 1000000000001n;
}

/* 2026-11-20T10:00:00Z */
function utc_time(ms) {
  if (ms === null || ms === undefined) return null;
  return `${new Date(ms).toISOString().slice(0, 19)}Z`;
}

module.exports = { Shop, utc_time };
