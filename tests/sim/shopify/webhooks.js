'use strict';

/*
 * The shop's webhooks. Everything one action causes shares an event id; each delivery has a
 * webhook id of its own, kept over its retries, and the body as it was when the action happened.
 */

const crypto = require('node:crypto');
const http = require('node:http');

const API_VERSION = '2026-10';
const ANSWER_LIMIT_MS = 5000;
const CONCURRENT_MAX = 8;
const RETRY_MS = [200, 500, 1000, 2000, 4000, 8000, 16000, 30000];

const agent = new http.Agent({ keepAlive: true, maxSockets: CONCURRENT_MAX });

class Outbox {
  constructor(shop, random) {
    this.shop = shop;
    this.random = random;
    this.config = { url: null, topics: null, retry_ms: RETRY_MS, duplicate: 0, drop: 0, reverse: 0,
      delay_ms: 0 };
    this.deliveries = [];
    this.by_id = new Map();
    this.action_now = null;
    this.paused = false;
    this.held = [];
    this.ready = [];
    this.running = 0;
    this.unsettled = 0;
    this.idle_waiters = [];
  }

  configure(config) {
    for (const key of Object.keys(config)) {
      if (!(key in this.config)) throw new Error(`unknown webhook setting "${key}"`);
    }
    Object.assign(this.config, config);
  }

  /*
   * Runs `change`, then sends what it emitted. `mode`: undefined, "drop" (the order changed but
   * nobody is told), "duplicate", "reverse" (last topic first, one after the other), or an object
   * { drop, duplicate, reverse, delay_ms }.
   */
  action(mode, change) {
    if (this.action_now) return change();
    const wish = typeof mode === 'string' ? { [mode]: true } : mode || {};
    this.action_now = { event_id: crypto.randomUUID(), emitted: [] };
    const action = this.action_now;
    try {
      return change();
    } finally {
      this.action_now = null;
      this.send_all(action.emitted, wish);
    }
  }

  /* `body` is the REST body's text. Only subscribed topics are sent. */
  emit(topic, body, subject_id = null) {
    if (!this.action_now) return this.action(undefined, () => this.emit(topic, body, subject_id));
    for (const target of this.targets(topic)) {
      this.action_now.emitted.push({
        webhook_id: crypto.randomUUID(), event_id: this.action_now.event_id, topic, subject_id,
        url: target.url, name: target.name, subscription_id: target.subscription_id || null, body,
        triggered_at: `${new Date(this.shop.now()).toISOString().slice(0, -1)}000000Z`,
        attempts: [], state: 'pending',
      });
    }
  }

  targets(topic) {
    const { url, topics } = this.config;
    const found = url && (!topics || topics.includes(topic)) ? [{ url, name: 'app' }] : [];
    const graphql_topic = topic.replace(/\//g, '_').toUpperCase();
    for (const subscription of this.shop.subscriptions.values()) {
      if (subscription.topic !== graphql_topic) continue;
      found.push({ url: subscription.uri, name: subscription.name,
        subscription_id: subscription.id });
    }
    return found;
  }

  send_all(emitted, wish) {
    const chosen = [];
    for (const delivery of emitted) {
      this.deliveries.push(delivery);
      this.by_id.set(delivery.webhook_id, delivery);
      if (wish.drop || this.random() < this.config.drop) {
        delivery.state = 'dropped';
        continue;
      }
      chosen.push(delivery);
      if (wish.duplicate || this.random() < this.config.duplicate) chosen.push(delivery);
    }
    this.unsettled += chosen.length;
    const reversed = wish.reverse || this.random() < this.config.reverse;
    const batch = reversed ? [chosen.reverse()] : chosen.map((delivery) => [delivery]);
    if (this.paused) {
      this.held.push(...batch);
      return;
    }
    const delay_ms = wish.delay_ms || this.config.delay_ms;
    if (delay_ms) setTimeout(() => this.queue(batch), delay_ms);
    else this.queue(batch);
  }

  pause() {
    this.paused = true;
  }

  /* order: "fifo", "reverse" (one after the other, newest first) or "shuffle". */
  resume(order = 'fifo') {
    this.paused = false;
    let held = this.held.splice(0);
    if (order === 'reverse') held = [held.flat().reverse()];
    if (order === 'shuffle') {
      for (let i = held.length - 1; i > 0; i--) {
        const other = Math.floor(this.random() * (i + 1));
        [held[i], held[other]] = [held[other], held[i]];
      }
    }
    this.queue(held.filter((chain) => chain.length > 0));
  }

  redeliver(webhook_id) {
    const delivery = this.by_id.get(webhook_id);
    if (!delivery) throw new Error('no such webhook');
    this.unsettled++;
    this.queue([[delivery]]);
  }

  /* Each chain is delivered one after the other, chains side by side. */
  queue(chains) {
    this.ready.push(...chains);
    this.pump();
  }

  pump() {
    while (this.running < CONCURRENT_MAX && this.ready.length > 0) {
      const chain = this.ready.shift();
      this.running++;
      this.attempt_chain(chain).then(() => {
        this.running--;
        this.pump();
        this.tell_idle();
      });
    }
    this.tell_idle();
  }

  async attempt_chain(chain) {
    for (const delivery of chain) {
      const status = await this.attempt(delivery);
      if (status >= 200 && status < 300) this.settle(delivery, 'acked');
      else this.retry(delivery);
    }
  }

  /* One POST; resolves to the status, or to 0 when there was no answer. */
  attempt(delivery) {
    return new Promise((resolve) => {
      const done = (status) => {
        delivery.attempts.push(status);
        resolve(status);
      };
      if (!delivery.url.startsWith('http://')) return done(0);
      const body = Buffer.from(delivery.body, 'utf8');
      const request = http.request(delivery.url, {
        method: 'POST', agent, timeout: ANSWER_LIMIT_MS, headers: this.headers(delivery, body),
      }, (answer) => {
        answer.resume();
        answer.on('end', () => done(answer.statusCode));
        answer.on('error', () => done(0));
      });
      request.on('timeout', () => request.destroy(new Error('no answer in time')));
      request.on('error', () => done(0));
      return request.end(body);
    });
  }

  headers(delivery, body) {
    const signature = crypto.createHmac('sha256', this.shop.client_secret).update(body);
    return {
      'Content-Type': 'application/json',
      'Content-Length': body.length,
      'User-Agent': 'Shopify-Captain-Hook',
      'X-Shopify-Topic': delivery.topic,
      'X-Shopify-Hmac-Sha256': signature.digest('base64'),
      'X-Shopify-Shop-Domain': this.shop.domain,
      'X-Shopify-API-Version': API_VERSION,
      'X-Shopify-Webhook-Id': delivery.webhook_id,
      'X-Shopify-Event-Id': delivery.event_id,
      'X-Shopify-Triggered-At': delivery.triggered_at,
      ...(delivery.name ? { 'X-Shopify-Name': delivery.name } : {}),
    };
  }

  retry(delivery) {
    const wait_ms = this.config.retry_ms[delivery.attempts.length - 1];
    if (wait_ms === undefined) {
      if (delivery.subscription_id) this.shop.subscriptions.delete(delivery.subscription_id);
      this.settle(delivery, 'failed');
      return;
    }
    setTimeout(() => this.queue([[delivery]]), wait_ms).unref();
  }

  settle(delivery, state) {
    if (delivery.state !== 'acked') delivery.state = state;
    this.unsettled--;
  }

  tell_idle() {
    if (this.unsettled > 0) return;
    for (const resolve of this.idle_waiters.splice(0)) resolve();
  }

  /* Resolves when nothing is on its way any more. Paused deliveries count as on their way. */
  idle() {
    return new Promise((resolve) => {
      this.idle_waiters.push(resolve);
      this.tell_idle();
    });
  }

  books() {
    const counts = { pending: 0, acked: 0, failed: 0, dropped: 0 };
    const topics = {};
    for (const delivery of this.deliveries) {
      counts[delivery.state]++;
      topics[delivery.topic] = (topics[delivery.topic] || 0) + 1;
    }
    const attempts = this.deliveries.reduce((sum, delivery) => sum + delivery.attempts.length, 0);
    return { ...counts, attempts, topics };
  }

  list() {
    return this.deliveries.map(({ body, ...rest }) => ({ ...rest, body_bytes: body.length }));
  }
}

module.exports = { Outbox, API_VERSION };
