'use strict';

/* What a person sees while the demo runs, and at its end. */

const LINE_MS = 500;
const PLAIN_MS = 5000;

class Show {
  constructor(total) {
    this.total = total;
    this.is_terminal = Boolean(process.stdout.isTTY);
    this.started = Date.now();
    this.shown = 0;
    this.has_line = false;
    this.is_over = false;
  }

  /* Nothing is shown any more. */
  end() {
    this.is_over = true;
  }

  /* A step that has begun. */
  say(text) {
    if (this.is_over) return;
    this.clear();
    process.stdout.write(`${text}\n`);
  }

  clear() {
    if (this.has_line) process.stdout.write('\r\x1b[K');
    this.has_line = false;
  }

  /* The counts: one line that changes on a terminal, a line now and then elsewhere. */
  progress(now) {
    if (this.is_over || Date.now() - this.shown < (this.is_terminal ? LINE_MS : PLAIN_MS)) return;
    this.shown = Date.now();
    const seconds = Math.round((this.shown - this.started) / 1000);
    const line = `${String(seconds).padStart(3)} s  orders ${now.orders}/${this.total}, done ${now.orders_done}, `
      + `shipments ${now.shipped}/${now.shipments}, labels ${now.labels}, mails ${now.mails}, `
      + `waiting ${now.waiting}, on hold ${now.holds.length}`;
    if (!this.is_terminal) {
      process.stdout.write(`  ${line}\n`);
      return;
    }
    this.clear();
    process.stdout.write(line.slice(0, (process.stdout.columns || 80) - 1));
    this.has_line = true;
  }
}

const count = (list, of) => list.filter(of).length;

const units = (list, of) => list.reduce((total, one) => total + Number(of(one)), 0);

function orders(ours, seconds) {
  const state = (name) => count(ours.orders, (o) => o.state === name);
  const open = ours.orders.length - state('fulfilled') - state('cancelled');
  return `${ours.orders.length} taken in ${seconds} s: ${state('fulfilled')} fulfilled, `
    + `${state('cancelled')} cancelled, ${open} still open`;
}

function shipments(shipped) {
  const codes = [...new Set(shipped.map((s) => s.code))].sort();
  return `${shipped.length}: ${codes.map((code) => `${count(shipped, (s) => s.code === code)} ${code}`).join(', ')}`;
}

function splits(shipped) {
  const parcels = new Map();
  for (const s of shipped) parcels.set(s.order_id, (parcels.get(s.order_id) || 0) + 1);
  return `${count([...parcels.values()], (n) => n === 2)} orders in two parcels, `
    + `${count([...parcels.values()], (n) => n > 2)} in three or more`;
}

function backorders({ backorders: all }) {
  const waiting = all.filter((b) => b.state === 'waiting');
  return `${all.length}: ${count(all, (b) => b.state === 'filled')} released by deliveries, `
    + `${waiting.length} still wait for ${units(waiting, (b) => b.quantity)} units`;
}

function labels(books) {
  const voidable = books.voidable.length ? `; ${books.voidable.length} of cancelled shipments to be refunded` : '';
  const bought = count(books.ours.labels, (l) => l.state === 'bought');
  return `${bought} bought for ${books.cost.toFixed(2)} USD${voidable}`;
}

function mails({ notices }) {
  const kinds = ['shipment', 'backorder', 'release'].map((kind) => `${count(notices, (n) => n.kind === kind)} ${kind}`);
  return `${count(notices, (n) => n.outcome === 'sent')}: ${kinds.join(', ')}`;
}

function trouble({ store: { webhooks }, trouble: rules }) {
  const failed = (simulator) => units(rules[simulator], (rule) => rule.applied);
  return `${webhooks.attempts - webhooks.acked} webhooks came again, ${webhooks.dropped} never; the store failed `
    + `${failed('shopify')} requests, the carrier ${failed('shippo')}, the mail server ${failed('smtp')}`;
}

function holds(ours) {
  const name = new Map(ours.orders.map((o) => [o.id, o.name]));
  return ours.holds.map((h) => `${name.get(h.order_id)} ${h.kind}`).join(', ') || 'nothing';
}

/* The summary a merchant understands. */
function summary(books, seconds) {
  const { ours } = books;
  const shipped = ours.shipments.filter((s) => s.state === 'shipped');
  return Object.entries({
    Orders: orders(ours, seconds), Shipments: shipments(shipped), Splits: splits(shipped),
    Backorders: backorders(ours), Labels: labels(books), 'E-mails': mails(ours), Trouble: trouble(books),
    'On hold': holds(ours),
  }).map(([what, text]) => `${what.padEnd(14)}${text}`).join('\n');
}

module.exports = { Show, summary };
