'use strict';

/*
 * The final check: what Waybill believes against what the store, the carrier and the mail server
 * have in their books. It shares no code with the programs, and knows nothing of how they work
 * but the tables.
 */

const { SHOP, KITS, SURPRISE, GOODS } = require('./goods');

const sum = (list, of = (x) => x) => list.reduce((total, x) => total + Number(of(x)), 0);

function group(list, key) {
  const groups = new Map();
  for (const one of list) {
    const k = key(one);
    if (!groups.has(k)) groups.set(k, []);
    groups.get(k).push(one);
  }
  return groups;
}

const QUERIES = {
  orders: `SELECT id, source_id, name, state, is_held, email FROM orders`,
  lines: `SELECT l.id, l.order_id, l.source_id, l.sku, l.ordered, l.cancelled, l.needs_shipping FROM order_line AS l`,
  parts: `SELECT p.id, p.order_line_id, p.order_id, i.sku, p.per_unit, p.quantity, p.cancelled, p.allocated, p.shipped,
                 p.backordered
            FROM line_part AS p JOIN item AS i ON i.id = p.item_id`,
  shipments: `SELECT s.id, s.order_id, s.state, s.is_held, s.origin, s.source_id, sl.source_id AS place, l.code
                FROM shipment AS s LEFT JOIN location AS l ON l.id = s.location_id
                LEFT JOIN store_location AS sl ON sl.location_id = l.id`,
  allocations: `SELECT shipment_id, line_part_id, quantity FROM allocation`,
  labels: `SELECT p.id, parcel.shipment_id, p.source_id, p.state, p.cost, p.currency, parcel.tracking_number,
                  d.sha256 IS NOT NULL AS has_document
             FROM label_purchase AS p JOIN parcel ON parcel.id = p.parcel_id
             LEFT JOIN label_document AS d ON d.label_purchase_id = p.id`,
  backorders: `SELECT b.order_id, i.sku, b.quantity, b.wanted, b.state
                 FROM backorder AS b JOIN item AS i ON i.id = b.item_id`,
  notices: `SELECT id, order_id, kind, subject_id, outcome FROM notice`,
  stock: `SELECT i.sku, l.code, s.on_hand, s.allocated,
                 (SELECT coalesce(sum(delta), 0) FROM stock_move AS m
                   WHERE m.item_id = s.item_id AND m.location_id = s.location_id) AS ledger,
                 (SELECT coalesce(sum(a.quantity), 0) FROM allocation AS a
                    JOIN shipment AS p ON p.id = a.shipment_id AND p.location_id = s.location_id AND p.state NOT IN ('shipped', 'delivered')
                    JOIN line_part AS t ON t.id = a.line_part_id AND t.item_id = s.item_id) AS live
            FROM stock AS s JOIN item AS i ON i.id = s.item_id JOIN location AS l ON l.id = s.location_id`,
  holds: `SELECT order_id, shipment_id, kind FROM hold WHERE cleared_at IS NULL`,
  dead: `SELECT role, error FROM dead_letter WHERE state = 'open'`,
  due: `SELECT kind, id, step, error FROM due_job
         WHERE NOT is_held AND step NOT IN ('reconcile', 'renew') AND due_at < 'infinity'`,
};

async function read_books(story) {
  const { house } = story;
  const ours = {};
  for (const [name, query] of Object.entries(QUERIES)) ours[name] = await house.db.rows(query);
  const [shopify, shippo, { messages }] = await Promise.all([
    house.control('shopify', 'books'), house.control('shippo', 'books'), house.control('smtp', 'messages')]);
  const verified = [];
  for (const what of ['audit', 'stock']) verified.push([what, await house.try_waybill([what, 'verify'])]);
  const trouble = {};
  for (const simulator of ['shopify', 'shippo', 'smtp']) {
    trouble[simulator] = (await house.control(simulator, 'faults')).faults;
  }
  return { ours, store: shopify.shops[SHOP], carrier: shippo, mails: messages, verified, trouble };
}

class Books {
  constructor(story, all, { mails_may_repeat = false } = {}) {
    Object.assign(this, all, { story, mails_may_repeat });
    const { ours } = all;
    this.wrong = [];
    this.voidable = [];
    this.parts_of = group(ours.parts, (p) => p.order_line_id);
    this.lines_of = group(ours.lines, (l) => l.order_id);
    this.shipments_of = group(ours.shipments, (s) => s.order_id);
    this.units_in = group(ours.allocations, (a) => a.shipment_id);
    this.labels_of = group(ours.labels, (l) => l.shipment_id);
    this.held_orders = new Set(ours.holds.map((h) => h.order_id));
  }

  say(what) {
    this.wrong.push(what);
  }

  equal(what, have, want) {
    if (String(have) !== String(want)) this.say(`${what}: ${have} instead of ${want}`);
  }

  check() {
    const known = group(this.ours.orders, (o) => o.source_id);
    this.equal('orders known', this.ours.orders.length, this.store.orders.length);
    for (const theirs of this.store.orders) {
      const ours = known.get(theirs.id) || [];
      if (ours.length !== 1) this.say(`order ${theirs.name} is known ${ours.length} times`);
      else this.check_order(ours[0], theirs);
    }
    this.check_labels();
    this.check_mails();
    this.check_stock();
    this.check_rest();
    return this.wrong;
  }

  shipped_of(order) {
    return (this.shipments_of.get(order.id) || []).filter((s) => ['shipped', 'delivered'].includes(s.state));
  }

  check_order(order, theirs) {
    const lines = this.lines_of.get(order.id) || [];
    this.equal(`lines of ${order.name}`, lines.length, theirs.lines.length);
    for (const line of theirs.lines) {
      const ours = lines.filter((l) => l.source_id === line.id);
      if (ours.length !== 1) this.say(`${order.name}: line ${line.id} is known ${ours.length} times`);
      else this.check_line(order, ours[0], line);
    }
    this.check_fulfillments(order, theirs);
    this.check_expectation(order);
  }

  /* Each unit is somewhere, and in one place only. */
  check_line(order, line, theirs) {
    const what = `${order.name} ${line.sku}`;
    const parts = this.parts_of.get(line.id) || [];
    this.equal(`${what}: ordered`, line.ordered, theirs.quantity);
    this.equal(`${what}: cancelled`, line.cancelled, theirs.cancelled);
    if (!theirs.requires_shipping) {
      this.equal(`${what}: parts of what needs no shipping`, parts.length, 0);
      return;
    }
    this.check_kit(what, line, parts);
    const is_planned = parts.length > 0;
    const is_held = this.held_orders.has(order.id);
    for (const p of parts) {
      const open = p.quantity - p.cancelled - p.allocated - p.shipped - p.backordered;
      this.equal(`${what}: units of part ${p.sku}`, p.quantity, line.ordered * p.per_unit);
      this.equal(`${what}: shipped at the store, of ${p.sku}`, theirs.fulfilled * p.per_unit, p.shipped);
      if ((open !== 0 || p.allocated !== 0) && !is_held) {
        this.say(`${what}: ${open} units are nowhere, ${p.allocated} on no way`);
      }
    }
    if (!is_planned && line.ordered > line.cancelled && !is_held) this.say(`${what}: was never planned`);
    if (!is_planned) this.equal(`${what}: shipped at the store`, theirs.fulfilled, 0);
  }

  check_kit(what, line, parts) {
    if (parts.length === 0) return;
    const want = KITS[line.sku] ? KITS[line.sku].parts : { [line.sku]: 1 };
    this.equal(`${what}: consists of`, JSON.stringify(Object.fromEntries(parts.map((p) => [p.sku, p.per_unit]).sort())),
      JSON.stringify(Object.fromEntries(Object.entries(want).sort())));
  }

  /* Units of a shipment by the store's line: kits count as one. */
  units_by_line(shipment) {
    const units = {};
    for (const a of this.units_in.get(shipment.id) || []) {
      const part = this.ours.parts.find((p) => p.id === a.line_part_id);
      const line = this.ours.lines.find((l) => l.id === part.order_line_id);
      if (line) units[line.source_id] = a.quantity / part.per_unit;
    }
    return units;
  }

  check_fulfillments(order, theirs) {
    const shipped = this.shipped_of(order);
    const made = theirs.fulfillments.filter((f) => f.status.toUpperCase() !== 'CANCELLED' && f.tracking);
    const open = [...made];
    for (const s of shipped) {
      const [label] = (this.labels_of.get(s.id) || []).filter((l) => l.state === 'bought');
      const number = label && label.tracking_number;
      const found = open.filter((f) => JSON.stringify(f.tracking).includes(`"${number}"`));
      if (found.length !== 1) {
        this.say(`${order.name}: shipment ${s.id} has ${found.length} fulfillments at the store`);
        continue;
      }
      open.splice(open.indexOf(found[0]), 1);
      const told = Object.fromEntries(found[0].lines.map((l) => [l.line_id, l.quantity]).sort());
      this.equal(`${order.name}: shipment ${s.id} at the store`, JSON.stringify(told),
        JSON.stringify(Object.fromEntries(Object.entries(this.units_by_line(s)).sort())));
      this.equal(`${order.name}: shipment ${s.id} left from`, found[0].location_id, s.place);
    }
    for (const f of open) this.say(`${order.name}: fulfillment ${f.id} at the store is no shipment of ours`);
  }

  check_expectation(order) {
    const { kind, expect } = this.story.by_name.get(order.name);
    const what = `${order.name} (${kind})`;
    this.equal(`${what}: state`, order.state, expect.state || 'fulfilled');
    if (expect.shipments !== undefined) {
      this.equal(`${what}: shipments`, this.shipped_of(order).length, expect.shipments);
    }
    const open = this.ours.holds.filter((h) => h.order_id === order.id).map((h) => h.kind);
    this.equal(`${what}: open holds`, open, expect.hold || '');
  }

  /* One label per parcel, and none that nobody knows. */
  check_labels() {
    const paid = this.carrier.transactions.filter((t) => t.status === 'SUCCESS' || t.status.startsWith('REFUND'));
    const state = new Map(this.ours.shipments.map((s) => [s.id, s.state]));
    for (const s of this.ours.shipments) {
      const bought = (this.labels_of.get(s.id) || []).filter((l) => l.state === 'bought');
      if (s.state === 'shipped') this.equal(`labels of shipment ${s.id}`, bought.length, 1);
    }
    for (const t of paid) {
      const known = this.ours.labels.filter((l) => l.source_id === t.id);
      if (known.length !== 1) {
        this.say(`label ${t.id} was paid for and is known ${known.length} times`);
        continue;
      }
      const [label] = known;
      if (state.get(label.shipment_id) === 'cancelled') this.voidable.push(label);
      else this.equal(`label ${t.id}`, label.state, 'bought');
      this.equal(`label ${t.id}: tracking`, label.tracking_number, t.tracking_number);
      this.equal(`label ${t.id}: cost`, label.cost, Math.round(Number(t.amount) * 10000));
      if (!label.has_document || t.label_fetches < 1) this.say(`label ${t.id}: its bytes are not kept`);
    }
    const bought = this.ours.labels.filter((l) => ['bought', 'voiding', 'voided'].includes(l.state));
    this.equal('labels we think were bought', bought.length, paid.length);
    const unsure = this.ours.labels.filter((l) => ['intended', 'unknown'].includes(l.state));
    for (const l of unsure) this.say(`purchase ${l.id} of shipment ${l.shipment_id} is still ${l.state}`);
  }

  /* By the mailbox, which is the order's own: what a buyer has read. */
  check_mails() {
    const unique = [...group(this.mails, (m) => m.message_id).entries()];
    for (const [id, copies] of unique) {
      if (copies.length > 1 && !this.mails_may_repeat) this.say(`mail ${id} was sent ${copies.length} times`);
    }
    const box = group(unique.map(([, copies]) => copies[0]), (m) => m.to[0]);
    for (const order of this.ours.orders) {
      const { email } = this.story.by_name.get(order.name);
      const mails = box.get(email) || [];
      box.delete(email);
      this.check_mailbox(order, mails);
    }
    for (const address of box.keys()) this.say(`mails to ${address}, who ordered nothing`);
  }

  check_mailbox(order, mails) {
    const about = (words) => mails.filter((m) => m.subject.includes(words));
    const waited = this.ours.backorders.filter((b) => b.order_id === order.id);
    const filled = waited.filter((b) => b.quantity < b.wanted && b.state !== 'cancelled');
    const sent = about('on its way').length + about('delayed').length + about('being packed').length;
    this.equal(`${order.name}: mails of a known kind`, sent, mails.length);
    for (const s of this.shipped_of(order)) {
      const [label] = (this.labels_of.get(s.id) || []).filter((l) => l.state === 'bought');
      const telling = about('on its way').filter((m) => label && m.text.includes(label.tracking_number));
      this.equal(`${order.name}: mails about shipment ${s.id}`, telling.length, 1);
    }
    this.equal(`${order.name}: shipment mails`, about('on its way').length, this.shipped_of(order).length);
    this.equal(`${order.name}: backorder mails`, about('delayed').length, waited.length > 0 ? 1 : 0);
    const released = about('being packed').length;
    if (filled.length > 0 !== released > 0) this.say(`${order.name}: ${released} release mails`);
    for (const n of this.ours.notices.filter(({ order_id }) => order_id === order.id)) {
      if (n.outcome !== 'sent') this.say(`${order.name}: a ${n.kind} mail is ${n.outcome}`);
    }
  }

  /* What came in, less what the store says has left, is what is there. */
  check_stock() {
    const there = new Map(this.story.merchant.received);
    const code = Object.fromEntries(Object.entries(this.story.house.store_locations).map(([c, id]) => [id, c]));
    for (const f of this.store.orders.flatMap((o) => o.fulfillments)) {
      for (const { sku, quantity } of f.lines) {
        if (!GOODS[sku] && !KITS[sku] && sku !== SURPRISE.sku) continue;
        for (const [part, n] of Object.entries(KITS[sku] ? KITS[sku].parts : { [sku]: 1 })) {
          const key = `${part} at ${code[f.location_id]}`;
          there.set(key, (there.get(key) || 0) - n * quantity);
        }
      }
    }
    for (const s of this.ours.stock) {
      const key = `${s.sku} at ${s.code}`;
      this.equal(`stock of ${key}`, s.on_hand, there.get(key) || 0);
      this.equal(`ledger of ${key}`, s.ledger, s.on_hand);
      this.equal(`promised of ${key}`, s.allocated, s.live);
      there.delete(key);
    }
    for (const [key, units] of there) if (units !== 0) this.say(`stock of ${key} is missing: ${units}`);
    for (const b of this.ours.backorders.filter(({ state }) => state === 'waiting')) {
      const free = sum(this.ours.stock.filter((s) => s.sku === b.sku), (s) => s.on_hand - s.allocated);
      if (free > 0) this.say(`order ${b.order_id} waits for ${b.sku}, of which ${free} are there`);
    }
  }

  check_rest() {
    for (const d of this.ours.dead) this.say(`dead letter of ${d.role}: ${d.error}`);
    for (const d of this.ours.due) this.say(`${d.kind} ${d.id} is still due for ${d.step}: ${d.error}`);
    for (const [what, { code, stdout, stderr }] of this.verified) {
      if (code !== 0) this.say(`waybill ${what} verify: ${stdout}${stderr}`);
    }
  }

  get cost() {
    return sum(this.ours.labels.filter((l) => l.state === 'bought'), (l) => l.cost) / 10000;
  }
}

/* Compares what read_books() gave; the Books say what is wrong in `wrong`. */
function compare_books(story, all, options) {
  const books = new Books(story, all, options);
  books.check();
  return books;
}

async function check_books(story, options) {
  return compare_books(story, await read_books(story), options);
}

module.exports = { check_books, compare_books, read_books };
