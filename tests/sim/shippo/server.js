'use strict';

/*
 * Shippo: shipments and rates, transactions (labels), refunds, tracks. There is no idempotency:
 * buying the same rate twice buys two labels, and the books say so.
 */

const crypto = require('node:crypto');

const { control_of } = require('../lib/control');
const { Faults } = require('../lib/faults');
const check = require('./check');
const { label } = require('./label');
const { quote, attributes } = require('./rates');

const OWNER = 'sim@example.com';
const RATE_LIFE_MS = 7 * 24 * 3600 * 1000;
const PAGE_DEFAULT = 25;
const PAGE_MAX = 100;
const LABEL_TYPES = ['PNG', 'PNG_2.3x7.5', 'PDF', 'PDF_2.3x7.5', 'PDF_4x6', 'PDF_4x8', 'PDF_A4',
  'PDF_A5', 'PDF_A6', 'ZPLII'];
const NOT_FOUND = { status: 404, headers: { 'content-type': 'text/html' },
  body: '<h1>Not Found</h1>' };
const NO_NAME = 'The data you sent was not accepted as valid';

const TRACK_URLS = {
  USPS: 'https://tools.usps.com/go/TrackConfirmAction_input?origTrackNum=',
  UPS: 'https://www.ups.com/track?tracknum=', FedEx: 'https://www.fedex.com/fedextrack/?trknbr=',
  'DHL Express': 'https://www.dhl.com/track?trackingNumber=',
};

const new_id = () => crypto.randomUUID().replace(/-/g, '');
const unauthorized = (detail) => ({ status: 401, body: { detail } });

class Shippo {
  constructor({ clock, random }) {
    this.name = 'shippo';
    this.clock = clock;
    this.random = random;
    this.faults = new Faults(random);
    this.requests = {};
    this.settings = { settle_ms: 0, down: {}, token: null, label_bytes: 0 };
    this.shipments = new Map();
    this.rates = new Map();
    this.transactions = new Map();
    this.by_rate = new Map();
    this.refunds = new Map();
    this.tracks = [];
    this.next_tracking = 1;
    this.routes = this.own_routes();
    this.control = control_of(this, {
      'POST /_sim/settings': (request) => {
        for (const key of Object.keys(request.json())) {
          if (!(key in this.settings)) throw new Error(`unknown setting "${key}"`);
        }
        return Object.assign(this.settings, request.json());
      },
      'POST /_sim/transactions/:id/status': (request, { id }) => {
        const transaction = this.transactions.get(id);
        if (!transaction) throw new Error('no such transaction');
        Object.assign(transaction.body, { status: request.json().status });
        return transaction.body;
      },
    });
  }

  own_routes() {
    const route = (name, method, pattern, serve) => ({ name, method, pattern, serve });
    return [
      route('shipment_create', 'POST', /^\/shipments$/, this.create_shipment),
      route('shipment_get', 'GET', /^\/shipments\/(\w+)$/, this.get_shipment),
      route('shipment_rates', 'GET', /^\/shipments\/(\w+)\/rates$/, this.get_rates),
      route('rate_get', 'GET', /^\/rates\/(\w+)$/, this.get_rate),
      route('transaction_create', 'POST', /^\/transactions$/, this.create_transaction),
      route('transaction_list', 'GET', /^\/transactions$/, this.list_transactions),
      route('transaction_get', 'GET', /^\/transactions\/(\w+)$/, this.get_transaction),
      route('refund_create', 'POST', /^\/refunds$/, this.create_refund),
      route('refund_get', 'GET', /^\/refunds\/(\w+)$/, this.get_refund),
      route('track_create', 'POST', /^\/tracks$/, this.create_track),
      route('track_get', 'GET', /^\/tracks\/(\w+)\/([\w-]+)$/, this.get_track),
      route('label_get', 'GET', /^\/labels\/(\w+)\.\w+$/, this.get_label),
    ];
  }

  find(request) {
    const path = request.path.replace(/\/$/, '');
    for (const route of this.routes) {
      const found = route.method === request.method && route.pattern.exec(path);
      if (found) return { route, parts: found.slice(1) };
    }
    return undefined;
  }

  operations(request) {
    const found = this.find(request);
    return [found ? found.route.name : 'unknown'];
  }

  async handle(request) {
    const found = this.find(request);
    if (found && found.route.name === 'label_get') return this.get_label(request, ...found.parts);
    const refusal = this.token_refusal(request);
    if (refusal) return refusal;
    return found ? found.route.serve.call(this, request, ...found.parts) : NOT_FOUND;
  }

  token_refusal(request) {
    const given = request.headers.authorization;
    if (!given) return unauthorized('Authentication credentials were not provided.');
    const [, token] = /^ShippoToken (\S+)$/.exec(given) || [];
    if (!token) return unauthorized('Invalid token header.');
    const good = this.settings.token ? token === this.settings.token
      : /^shippo_(test|live)_/.test(token);
    return good ? null : unauthorized('Token does not exist');
  }

  now_text() {
    return new Date(this.clock.now()).toISOString();
  }

  stamp() {
    const now = this.now_text();
    return { object_created: now, object_updated: now, object_id: new_id(), object_owner: OWNER };
  }

  address(given) {
    const text = (name) => String(given[name] || '');
    return {
      object_id: new_id(), is_complete: true, name: text('name'), company: text('company'),
      street_no: text('street_no'), street1: text('street1'), validation_results: {},
      street2: text('street2'), street3: text('street3'), city: text('city'), state: text('state'),
      zip: text('zip'), country: given.country, phone: text('phone'), email: text('email'),
      is_residential: null, test: true,
    };
  }

  parcel(given) {
    const four = (name) => Number(given[name]).toFixed(4);
    return {
      object_state: 'VALID', ...this.stamp(), template: null, extra: {}, length: four('length'),
      width: four('width'), height: four('height'), distance_unit: given.distance_unit,
      weight: four('weight'), mass_unit: given.mass_unit, value_amount: null, value_currency: null,
      metadata: given.metadata || '', line_items: [], test: true,
    };
  }

  create_shipment(request) {
    const given = request.json();
    const errors = check.shipment_errors(given);
    if (errors) return { status: 400, body: errors };
    const parcels = [].concat(given.parcels).map((one) => this.parcel(one));
    const shipment = {
      carrier_accounts: given.carrier_accounts || [], ...this.stamp(), status: 'SUCCESS',
      address_from: this.address(given.address_from), address_to: this.address(given.address_to),
      parcels, shipment_date: given.shipment_date || this.now_text(),
      address_return: this.address(given.address_return || given.address_from),
      customs_declaration: given.customs_declaration || null, extra: given.extra || {},
      rates: [], messages: [], metadata: given.metadata || '', test: true,
    };
    const quoted = quote(shipment, this.settings.down);
    shipment.messages = quoted.messages;
    if (request.fault.carrier_error) {
      shipment.status = 'ERROR';
      shipment.messages.push({ source: 'Shippo', code: '', text: request.fault.carrier_error });
    } else {
      const attributes_of = attributes(quoted.rates);
      shipment.rates = quoted.rates.map((one) => this.add_rate(shipment, one, attributes_of(one)));
    }
    this.shipments.set(shipment.object_id, shipment);
    if (given.async === false) return { status: 201, body: shipment };
    return { status: 201, body: { ...shipment, status: 'QUEUED', rates: [], messages: [] } };
  }

  add_rate(shipment, { service, cents }, marks) {
    const amount = (cents / 100).toFixed(2);
    const rate = {
      object_created: this.now_text(), object_id: new_id(), object_owner: OWNER,
      shipment: shipment.object_id, attributes: marks, amount, currency: 'USD',
      amount_local: amount, currency_local: 'USD', provider: service.provider,
      provider_image_75: `https://shippo-static.s3.amazonaws.com/providers/75/${service.provider}.png`,
      provider_image_200: `https://shippo-static.s3.amazonaws.com/providers/200/${service.provider}.png`,
      servicelevel: { name: service.name, token: service.token, terms: '' },
      days: service.days, estimated_days: service.days, arrives_by: null, duration_terms: '',
      messages: [], carrier_account: `sim-${service.provider.toLowerCase().replace(/\W/g, '-')}`,
      test: true, zone: '4',
    };
    this.rates.set(rate.object_id, { rate, shipment, created_ms: this.clock.now() });
    return rate;
  }

  get_shipment(request, id) {
    const shipment = this.shipments.get(id);
    return shipment ? { status: 200, body: shipment } : NOT_FOUND;
  }

  get_rates(request, id) {
    const shipment = this.shipments.get(id);
    return shipment ? { status: 200, body: this.page(request, shipment.rates) } : NOT_FOUND;
  }

  get_rate(request, id) {
    const known = this.rates.get(id);
    return known ? { status: 200, body: known.rate } : NOT_FOUND;
  }

  create_transaction(request) {
    const given = request.json();
    const errors = check.transaction_errors(given);
    if (errors) return { status: 400, body: errors };
    const known = this.rates.get(given.rate);
    if (!known) {
      return { status: 400, body: { rate: [`Rate with supplied object_id ${given.rate} not found.`] } };
    }
    const file_type = given.label_file_type || 'PDF';
    if (!LABEL_TYPES.includes(file_type)) {
      return { status: 400, body: { label_file_type: [`"${file_type}" is not a valid choice.`] } };
    }
    const transaction = this.buy(known, given, file_type, request);
    if (given.async === false) this.settle(transaction, true);
    return { status: 201, body: transaction.body };
  }

  buy({ rate, shipment, created_ms }, given, file_type, request) {
    const transaction = {
      rate, file_type, host: request.host, settles_ms: this.clock.now() + this.settings.settle_ms,
      refusal: this.purchase_refusal(shipment, created_ms, request.fault),
      body: {
        object_state: 'VALID', status: 'QUEUED', ...this.stamp(), test: true, rate: rate.object_id,
        tracking_number: '', tracking_status: null, tracking_history: [],
        tracking_url_provider: '', label_url: '', label_file_type: file_type,
        commercial_invoice_url: null, qr_code_url: null, eta: null, messages: [], order: null,
        metadata: given.metadata || '', parcel: shipment.parcels[0].object_id,
      },
    };
    this.transactions.set(transaction.body.object_id, transaction);
    if (!this.by_rate.has(rate.object_id)) this.by_rate.set(rate.object_id, []);
    this.by_rate.get(rate.object_id).push(transaction);
    return transaction;
  }

  /* Why the carrier will not sell, or null. */
  purchase_refusal(shipment, created_ms, fault) {
    if (fault.carrier_error) return fault.carrier_error;
    if (!shipment.address_from.name || !shipment.address_to.name) return NO_NAME;
    if (this.clock.now() - created_ms > RATE_LIFE_MS) return 'Rate has expired';
    return null;
  }

  /* A queued purchase becomes what it was going to be once its time has come. */
  settle(transaction, at_once) {
    const { body, rate } = transaction;
    if (body.status !== 'QUEUED') return body;
    if (!at_once && this.clock.now() < transaction.settles_ms) return body;
    body.object_updated = this.now_text();
    if (transaction.refusal) {
      body.status = 'ERROR';
      body.messages = [{ source: rate.provider, code: '', text: transaction.refusal }];
      return body;
    }
    const { extension } = label(transaction.file_type, '');
    const number = `92${String(this.next_tracking++).padStart(20, '0')}`;
    Object.assign(body, {
      status: 'SUCCESS', tracking_number: number, tracking_status: 'UNKNOWN',
      tracking_url_provider: `${TRACK_URLS[rate.provider]}${number}`,
      label_url: `http://${transaction.host}/labels/${body.object_id}.${extension}` +
        '?Signature=fD0%2B9xRD%2B%2B6AY0fM%3D&Expires=1923386634',
    });
    return body;
  }

  get_transaction(request, id) {
    const transaction = this.transactions.get(id);
    return transaction ? { status: 200, body: this.settle(transaction, false) } : NOT_FOUND;
  }

  list_transactions(request) {
    const rate = request.query.get('rate');
    const chosen = rate ? this.by_rate.get(rate) || [] : [...this.transactions.values()];
    const newest_first = chosen.map((one) => this.settle(one, false)).reverse();
    const body = this.page(request, newest_first);
    if (request.fault.results_null) body.results = null;
    return { status: 200, body };
  }

  page(request, all) {
    const wanted = (name, fallback) => Math.max(1, Number(request.query.get(name)) || fallback);
    const size = Math.min(PAGE_MAX, wanted('results', PAGE_DEFAULT));
    const page = wanted('page', 1);
    const link = (number) => {
      const query = new URLSearchParams(request.query);
      query.set('page', String(number));
      return `http://${request.host}${request.path}?${query}`;
    };
    return {
      count: all.length, next: page * size < all.length ? link(page + 1) : null,
      previous: page > 1 ? link(page - 1) : null,
      results: all.slice((page - 1) * size, page * size),
    };
  }

  create_refund(request) {
    const { transaction: id } = request.json();
    if (!id) return { status: 400, body: { transaction: ['This field is required.'] } };
    const transaction = this.transactions.get(id);
    if (!transaction) {
      return { status: 400, body: { transaction: [`Transaction ${id} not found.`] } };
    }
    const refundable = this.settle(transaction, true).status === 'SUCCESS';
    const refund = { ...this.stamp(), status: refundable ? 'PENDING' : 'ERROR', test: true,
      transaction: id };
    if (refundable) transaction.body.status = 'REFUNDPENDING';
    this.refunds.set(refund.object_id, refund);
    return { status: 201, body: refund };
  }

  get_refund(request, id) {
    const refund = this.refunds.get(id);
    return refund ? { status: 200, body: refund } : NOT_FOUND;
  }

  create_track(request) {
    const { carrier, tracking_number: number, metadata } = request.json();
    if (!carrier || !number) return { status: 400, body: { carrier: ['This field is required.'] } };
    this.tracks.push({ carrier, tracking_number: number });
    return { status: 201, body: this.track(carrier, number, metadata) };
  }

  get_track(request, carrier, number) {
    return { status: 200, body: this.track(carrier, number) };
  }

  /* SHIPPO_DELIVERED and its like say their own status; a number of ours is not yet on its way. */
  track(carrier, number, metadata = '') {
    const [, named] = /^SHIPPO_(\w+)$/.exec(number) || [];
    const status = named || 'UNKNOWN';
    const entry = {
      object_created: this.now_text(), object_updated: this.now_text(), object_id: new_id(), status,
      status_details: `Status ${status}`, status_date: this.now_text(), location: null,
      substatus: null,
    };
    return {
      carrier, tracking_number: number, address_from: null, address_to: null, eta: null,
      original_eta: null, servicelevel: { token: null, name: null }, metadata, messages: [],
      tracking_status: entry, tracking_history: [entry], transaction: null, test: true,
    };
  }

  get_label(request, id) {
    const transaction = this.transactions.get(id);
    if (!transaction || this.settle(transaction, false).label_url === '') return NOT_FOUND;
    if (!request.query.get('Signature') || !request.query.get('Expires')) {
      return { status: 403, headers: { 'content-type': 'application/xml' },
        body: '<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>AccessDenied</Code></Error>' };
    }
    transaction.label_fetches = (transaction.label_fetches || 0) + 1;
    const { type, bytes } = label(transaction.file_type, transaction.body.tracking_number, this.settings.label_bytes);
    return { status: 200, headers: { 'content-type': type }, body: bytes };
  }

  /* `bought` counts what was paid for, a later refund included. */
  books() {
    const entries = [...this.transactions.values()].map((one) => {
      const { object_id: id, status, rate, metadata, tracking_number } = this.settle(one, false);
      return { id, status, rate, metadata, tracking_number, amount: one.rate.amount,
        service: one.rate.servicelevel.token, shipment: one.rate.shipment,
        label_fetches: one.label_fetches || 0 };
    });
    const group = (key) => {
      const out = {};
      for (const entry of entries) (out[entry[key]] = out[entry[key]] || []).push(entry);
      return out;
    };
    return {
      shipments: this.shipments.size, transactions: entries, by_metadata: group('metadata'),
      by_rate: group('rate'),
      bought: entries.filter((one) => one.status === 'SUCCESS' || one.status.startsWith('REFUND')).length,
      refunds: [...this.refunds.values()].map(({ object_id: id, transaction, status }) =>
        ({ id, transaction, status })),
      tracks: this.tracks,
    };
  }
}

module.exports = { Shippo };
