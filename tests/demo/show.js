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
    const line = `${String(seconds).padStart(3)} s  orders ${now.orders}/${this.total}, done ${now.orders_done}, shipments ${now.shipped}/${now.shipments}, `
      + `labels ${now.labels}, mails ${now.mails}, waiting ${now.waiting}, on hold ${now.holds.length}`;
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

/* The summary a merchant understands. */
function summary(books, seconds) {
  const { ours } = books;
  const shipped = ours.shipments.filter((s) => s.state === 'shipped');
  const per_order = new Map();
  for (const s of shipped) per_order.set(s.order_id, (per_order.get(s.order_id) || 0) + 1);
  const from = (code) => count(shipped, (s) => s.code === code);
  const codes = [...new Set(ours.shipments.map((s) => s.code))].sort();
  const bought = count(ours.labels, (l) => l.state === 'bought');
  const filled = ours.backorders.filter((b) => b.state === 'filled');
  const waiting = ours.backorders.filter((b) => b.state === 'waiting');
  const units = (list, of) => list.reduce((total, one) => total + Number(of(one)), 0);
  const state = (name) => count(ours.orders, (o) => o.state === name);
  const open = count(ours.orders, (o) => !['fulfilled', 'cancelled'].includes(o.state));
  const lines = [
    `Orders        ${ours.orders.length} taken in ${seconds} s: ${state('fulfilled')} fulfilled, ${state('cancelled')} cancelled, ${open} still open`,
    `Shipments     ${shipped.length}: ${codes.map((code) => `${from(code)} ${code}`).join(', ')}`,
    `Splits        ${count([...per_order.values()], (n) => n === 2)} orders in two parcels, ${count([...per_order.values()], (n) => n > 2)} in three or more`,
    `Backorders    ${ours.backorders.length}: ${filled.length} released by deliveries, ${waiting.length} still wait for ${units(waiting, (b) => b.quantity)} units`,
    `Labels        ${bought} bought for ${books.cost.toFixed(2)} USD${books.voidable.length ? `; ${books.voidable.length} of cancelled shipments to be refunded` : ''}`,
    `E-mails       ${count(ours.notices, (n) => n.outcome === 'sent')}: ${['shipment', 'backorder', 'release'].map((kind) => `${count(ours.notices, (n) => n.kind === kind)} ${kind}`).join(', ')}`,
  ];
  const { webhooks } = books.store;
  const failed = (simulator) => units(books.trouble[simulator], (rule) => rule.applied);
  lines.push(`Trouble       ${webhooks.attempts - webhooks.acked} webhooks came again, ${webhooks.dropped} never; the store failed ${failed('shopify')} requests, `
    + `the carrier ${failed('shippo')}, the mail server ${failed('smtp')}`);
  const holds = ours.holds.map((h) => `${ours.orders.find((o) => o.id === h.order_id).name} ${h.kind}`);
  lines.push(`On hold       ${holds.length ? holds.join(', ') : 'nothing'}`);
  return lines.join('\n');
}

module.exports = { Show, summary };
