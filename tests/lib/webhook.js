'use strict';

/*
 * Webhooks as Shopify sends them.
 */

const crypto = require('crypto');
const { request } = require('./http');

function sign(secret, bytes) {
  return crypto.createHmac('sha256', secret).update(bytes).digest('base64');
}

/*
 * Posts a signed webhook; an object is encoded as JSON, bytes go as they are. Returns the answer.
 * What `headers` says replaces what would be sent; undefined there leaves a header out.
 */
function send_webhook(url, { topic, shop, secret, body, id = crypto.randomUUID(), headers = {} }) {
  const is_raw = Buffer.isBuffer(body) || typeof body === 'string';
  const bytes = Buffer.from(is_raw ? body : JSON.stringify(body));
  const all = {
    'Content-Type': 'application/json',
    'X-Shopify-Topic': topic,
    'X-Shopify-Shop-Domain': shop,
    'X-Shopify-API-Version': '2026-10',
    'X-Shopify-Webhook-Id': id,
    'X-Shopify-Event-Id': crypto.randomUUID(),
    'X-Shopify-Triggered-At': new Date().toISOString(),
    'X-Shopify-Hmac-Sha256': sign(secret, bytes),
    ...headers,
  };
  for (const name of Object.keys(all)) if (all[name] === undefined) delete all[name];
  return request(url, { method: 'POST', headers: all, body: bytes });
}

module.exports = { sign, send_webhook };
