'use strict';

/*
 * The plainest work there is, to try the runtime with: mails owed (role notify, one lease and one
 * SMTP conversation each) and orders without a unit to plan (role route, one transaction).
 *
 *   const letters = await Letters.open('runtime');
 *   const ids = await letters.owe(5);              rows that are due, nobody is told
 *   await letters.tell('notify', ids);             one bundle
 *   await letters.sent(5);
 */

const { Broker } = require('./broker');
const { free_port, request } = require('./http');
const { House } = require('./house');
const { until } = require('./until');

const BUNDLE_MAX = 128;

class Letters {
  static async open(name, { servers, conf = {} } = {}) {
    const letters = new Letters();
    letters.house = await House.open(name, { simulators: true, servers, conf });
    letters.db = letters.house.db;
    letters.owner = letters.house.owner;
    letters.next = 1;
    letters.broker = await Broker.open(letters.house.broker.WAYBILL_AMQP_URL);
    await letters.owner.run(`
      INSERT INTO merchant (id, name, brand) VALUES (1, 'm', 'M');
      INSERT INTO store (id, merchant_id, platform, domain, api_base, hook_key, customer_mail, mail_from_name, mail_from_address)
        VALUES (1, 1, 'none', 'letters.example', '', 'letters-hook-key-0001', 'waybill', 'Shop', 'shop@letters.example');`);
    return letters;
  }

  /* Makes orders, with a letter each; row n of both has the same id. Returns the ids. */
  async owe(count, { step = 'notify', columns = {} } = {}) {
    const first = this.next;
    this.next += count;
    const range = `generate_series(${first}, ${first + count - 1}) AS n`;
    const more = Object.entries(columns).map(([column, value]) => `${column} = ${value}`).concat(`step = '${step}'`).join();
    await this.owner.run(`
      INSERT INTO orders (id, merchant_id, store_id, source_id, name, state, placed_at, payment_status, currency, total,
                          presentment_currency, source_updated_at, source_hash, email)
        SELECT n, 1, 1, n, '#' || n, 'awaiting_fulfillment', now(), 'paid', 'EUR', 10000, 'EUR', now(), sha256(''),
               'c' || n || '@example.com' FROM ${range};
      INSERT INTO notice (id, order_id, kind, subject_id) SELECT n, n, 'backorder', n FROM ${range};
      UPDATE ${step === 'notify' ? 'notice' : 'orders'} SET ${more} WHERE id >= ${first};`);
    return Array.from({ length: count }, (_, i) => first + i);
  }

  /* The first worker to declare its queue must have been there. */
  async tell(role, ids) {
    const bundles = [];
    for (let i = 0; i < ids.length; i += BUNDLE_MAX) bundles.push(JSON.stringify(ids.slice(i, i + BUNDLE_MAX)));
    return this.publish(`wb.${role}`, bundles);
  }

  /* After the broker has closed all connections. */
  async reconnect() {
    const url = this.house.broker.WAYBILL_AMQP_URL;
    this.broker.close();
    this.broker = await until('the broker', () => Broker.open(url));
  }

  publish(queue, bodies, headers) {
    return this.broker.publish(queue, bodies, headers);
  }

  until_ready(queue, count, deadline_ms) {
    return until(`${queue} to hold ${count}`, async () => {
      const ready = await this.broker.ready(queue);
      return ready === count || Promise.reject(new Error(String(ready)));
    }, deadline_ms);
  }

  /* A worker that is ready; its metrics are in `worker.url`. */
  async work(unit, ...roles) {
    const monitor = `127.0.0.1:${await free_port()}`;
    const worker = this.house.start('waybill-worker', '--unit', unit, '--metrics', monitor, ...roles);
    worker.url = `http://${monitor}`;
    await worker.prints('event=ready');
    return worker;
  }

  async fault(match, what) {
    return this.house.control('smtp', 'faults', 'POST', { match, do: what });
  }

  clear_faults() {
    return this.house.control('smtp', 'faults', 'DELETE');
  }

  row(id, table = 'notice') {
    return this.db.row(`SELECT step, attempt, lease, error, due_at = 'infinity' AS is_dead,
      extract(epoch FROM nullif(due_at, 'infinity') - now())::float8 AS due_in_s, extract(epoch FROM lease_until - now())::float8 AS lease_s
      FROM ${table} WHERE id = ${id}`);
  }

  async mails() {
    return (await this.house.control('smtp', 'books')).mails;
  }

  /* Waits until exactly so many letters were sent, and looks that none was twice. */
  async sent(count, deadline_ms = 15000) {
    await until(`${count} letters`, async () => {
      const n = Number(await this.db.value('SELECT count(*) FROM notice WHERE sent_at IS NOT NULL'));
      return n === count || Promise.reject(new Error(`${n} sent`));
    }, deadline_ms);
  }

  /* Messages of a queue, ready and not acknowledged. */
  async depth(queue) {
    const { ready, unacknowledged } = (await this.house.queues())[queue] || { ready: 0, unacknowledged: 0 };
    return ready + unacknowledged;
  }

  empty(queue, deadline_ms) {
    return until(`${queue} to be empty`, async () => (await this.depth(queue)) === 0, deadline_ms);
  }

  purge(queue) {
    return this.house.servers.ctl('-q', 'purge_queue', '-p', this.house.name, queue);
  }

  /* Jobs of a worker by outcome. */
  async jobs(worker, role) {
    const text = await this.metrics(worker);
    const of = (result) => Number((new RegExp(`^waybill_jobs_total\\{role="${role}",result="${result}"\\} (\\d+)$`, 'm').exec(text) || [0, 0])[1]);
    return { good: of('good'), failed: of('failed'), dropped: of('dropped') };
  }

  async metrics(worker) {
    return String((await request(`${worker.url}/metrics`)).body);
  }

  async descriptors(worker) {
    return Number(/^process_open_fds (\d+)$/m.exec(await this.metrics(worker))[1]);
  }

  dead_letters() {
    return this.db.rows(`SELECT role, row_id, order_id, fingerprint, error_kind, error_code, error, attempts, headers,
      length(body) AS bytes, state FROM dead_letter ORDER BY id`);
  }

  close() {
    this.broker.close();
    return this.house.close();
  }
}

module.exports = { Letters };
