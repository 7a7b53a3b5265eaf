'use strict';

/*
 * Shopify, one port for many shops: the first segment of a path is the shop, so that a store's base
 * URL is http://127.0.0.1:PORT/demo.myshopify.com.
 */

const querystring = require('node:querystring');

const { HttpError } = require('../lib/http');
const { control_of } = require('../lib/control');
const { Faults } = require('../lib/faults');
const { Shop } = require('./shop');
const { shop_books } = require('./books');
const { API_VERSION } = require('./webhooks');
const control = require('./control');
const graphql = require('./graphql');

const TOKEN_PATH = '/admin/oauth/access_token';
const GRAPHQL_PATH = `/admin/api/${API_VERSION}/graphql.json`;
const BAD_TOKEN = '[API] Invalid API key or access token (unrecognized login or wrong password)';

class Shopify {
  constructor({ clock, random }) {
    this.name = 'shopify';
    this.clock = clock;
    this.random = random;
    this.faults = new Faults(random);
    this.requests = {};
    this.shops = new Map();
    this.control = control_of(this, control.routes(this));
  }

  add_shop(options) {
    if (!/^[a-zA-Z0-9][a-zA-Z0-9._-]*$/.test(options.domain || '')) {
      throw new Error('a shop needs a domain');
    }
    const shop = new Shop(this.clock, this.random, options);
    this.shops.set(shop.domain, shop);
    return shop;
  }

  split(request) {
    const [, domain, rest] = /^\/([^/]+)(\/.*)$/.exec(request.path) || [];
    return { shop: this.shops.get(domain), path: rest };
  }

  operations(request) {
    const { path } = this.split(request);
    if (path === TOKEN_PATH) return ['token'];
    if (path !== GRAPHQL_PATH) return ['unknown'];
    try {
      return ['graphql', ...graphql.operation_names(request.json())];
    } catch (error) {
      if (error instanceof HttpError) return ['graphql'];
      throw error;
    }
  }

  async handle(request) {
    const { shop, path } = this.split(request);
    if (!shop || ![TOKEN_PATH, GRAPHQL_PATH].includes(path)) {
      return { status: 404, body: { errors: 'Not Found' } };
    }
    if (request.method !== 'POST') return { status: 405, body: { errors: 'Not Allowed' } };
    return path === TOKEN_PATH ? this.grant(shop, request) : this.execute(shop, request);
  }

  grant(shop, request) {
    const is_json = (request.headers['content-type'] || '').includes('json');
    const given = is_json ? request.json() : querystring.parse(request.body.toString('utf8'));
    if (given.grant_type !== 'client_credentials') {
      return { status: 400, body: { error: 'unsupported_grant_type' } };
    }
    if (given.client_id !== shop.client_id || given.client_secret !== shop.client_secret) {
      return { status: 401, body: { error: 'invalid_client' } };
    }
    if (!shop.installed) return { status: 400, body: { error: 'app_not_installed' } };
    return { status: 200, body: { access_token: shop.grant_token(), scope: shop.scopes.join(','),
      expires_in: shop.token_life_s } };
  }

  execute(shop, request) {
    const headers = { 'x-shopify-api-version': API_VERSION, 'x-request-id': graphql.request_id() };
    if (!shop.token_is_good(request.headers['x-shopify-access-token'])) {
      return { status: 401, headers, body: { errors: BAD_TOKEN } };
    }
    return { status: 200, headers, body: graphql.run(shop, request.json(), request.fault) };
  }

  books(query) {
    const wanted = query.get('shop');
    const shops = [...this.shops.values()].filter((shop) => !wanted || shop.domain === wanted);
    return { shops: Object.fromEntries(shops.map((shop) => [shop.domain, shop_books(shop)])) };
  }
}

module.exports = { Shopify };
