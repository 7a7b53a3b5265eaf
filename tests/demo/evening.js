'use strict';

/*
 * What the demo leaves for whoever looks at it: ten shipments to pick, an order that is held, and a webhook that cannot be read and
 * lies among the dead letters.
 */

const { until } = require('../lib');
const { SHOP } = require('./goods');

const TO_PICK = 10;
const UNREADABLE = '{"id": 4711, "name": "#4711", "line_items": [';
const DEADLINE_MS = 60000;

const LEFT = `SELECT
  (SELECT count(*) FROM shipment WHERE state = 'released' AND NOT is_held) AS to_pick,
  (SELECT min(id) FROM shipment WHERE state = 'released' AND NOT is_held) AS shipment,
  (SELECT min(id) FROM dead_letter WHERE state = 'open') AS letter,
  (SELECT string_agg(DISTINCT o.name, ', ') FROM hold AS h JOIN orders AS o ON o.id = h.order_id
    WHERE h.cleared_at IS NULL AND h.kind = 'unknown_sku') AS unknown_sku`;

function evening_orders(first) {
  const named = (lines, i) => ({ lines, name: `#${first + i}`, number: first + i, email: `buyer-${first + i}@example.com` });
  const from_the_south = Array.from({ length: TO_PICK }, () => [{ sku: 'CLOCK', quantity: 1 }]);
  return [...from_the_south, [{ sku: 'TEAPOT', quantity: 1 }]].map(named);
}

/* Sells them, and waits until they lie there: {to_pick, shipment, letter, unknown_sku} */
async function leave_something(house, orders_so_far) {
  await house.control('shopify', `shops/${SHOP}/webhooks`, 'POST', { topic: 'orders/create', body: UNREADABLE });
  await house.control('shopify', `shops/${SHOP}/orders`, 'POST', evening_orders(1001 + orders_so_far));
  return until('the evening', async () => {
    const left = await house.db.row(LEFT);
    if (left.to_pick >= TO_PICK && left.letter && left.unknown_sku) return left;
    throw new Error(JSON.stringify(left));
  }, DEADLINE_MS);
}

module.exports = { leave_something };
