'use strict';

/*
 * Planning what is large: many places, many lines, many orders that wait. It takes as long as there are lines times places,
 * holds the items' locks for a short while only, and leaves the loop its turns.
 */

const test = require('node:test');
const assert = require('assert');
const { World, free_port, order_body, request, until } = require('../lib');

const PLACES = 200, ORDERS = 256, LINES = 5, ITEMS = 1000;

let world, route, monitor;

test.before(async () => {
  /* The clock helps nobody: what a batch leaves is planned by the next. */
  world = await World.open('route_large', { items: {}, conf: { clock: { wait_s: 3000 } } });
  await world.house.waybill('setup'); /* route's queue is there before route is */
  await world.owner.run(`
    INSERT INTO location (merchant_id, code, name, address1, city, province_code, zip, country_code, buys_label, shipment_cost)
      SELECT 1, 'L' || n, 'Shop ' || n, '1 st', 'X', 'NY', '10001', 'US', false, n * 100 FROM generate_series(3, ${PLACES}) AS n;
    UPDATE location SET buys_label = false;
    INSERT INTO item (merchant_id, sku, title, grams) SELECT 1, 'S' || n, 'S', 100 FROM generate_series(0, ${ITEMS - 1}) AS n;
    INSERT INTO stock_move (item_id, location_id, delta, kind) SELECT item.id, location.id, 1 + (item.id * 7 + location.id * 13) % 5, 'receive'
      FROM item, location WHERE item.sku ~ '^S' AND (item.id * 3 + location.id) % 4 <> 0;
    ANALYZE;`);
  await world.start(['ingest']);
});

test.after(() => world.close());

async function start_route() {
  const address = `127.0.0.1:${await free_port()}`;
  monitor = `http://${address}`;
  route = world.house.start('waybill-worker', '--unit', 'route@1', '--metrics', address, 'route');
  await route.prints('event=ready');
}

async function longest_turn_ms() {
  const text = (await request(`${monitor}/metrics`)).body.toString();
  return Number(/^waybill_loop_longest_turn_ms (\d+)$/m.exec(text)[1]);
}

function send(name, skus) {
  return world.send('orders/create', order_body({ name, lines: skus.map((sku) => ({ sku })) }));
}

const orders_in = async (like) => Number(await world.db.value(`SELECT count(*) FROM orders WHERE name LIKE '${like}'`));
const planned = async (like) => Number(await world.db.value(
  `SELECT count(*) FROM routing_decision AS d JOIN orders AS o ON o.id = d.order_id WHERE o.name LIKE '${like}'`));

test(`${ORDERS} orders of ${LINES} lines at ${PLACES} places are planned in short batches, and quickly`, async (t) => {
  for (let n = 0; n < ORDERS; n += 16) {
    await Promise.all(Array.from({ length: 16 }, (_, i) => send(`#many${n + i}`,
      Array.from({ length: LINES }, (_x, line) => `S${((n + i) * LINES + line) % ITEMS}`))));
  }
  await until('the orders to be there', async () => (await orders_in('#many%')) === ORDERS, 30000);
  await start_route();
  await until('all to be planned', async () => (await planned('#many%')) === ORDERS, 20000);
  const turn_ms = await longest_turn_ms(), cpu_ms = route.cpu_ms();
  t.diagnostic(`route took ${cpu_ms} ms of CPU, its longest turn was ${turn_ms} ms`);
  assert.ok(cpu_ms < 1500, `${cpu_ms} ms of CPU`); /* 11.7 s once; 0.3 s on a quiet machine */
  assert.ok(turn_ms < 1000, `a turn of ${turn_ms} ms`); /* 11 s once; 20 ms on a quiet machine */
  const moments = Number(await world.db.value(`SELECT count(DISTINCT d.at) FROM routing_decision AS d JOIN orders AS o ON o.id = d.order_id
    WHERE o.name LIKE '#many%'`)); /* the time of the transaction */
  assert.ok(moments >= 4, `planned in ${moments} transactions`);
});

test('a decision is small however many places there are, and counts what it leaves out', async () => {
  const { longest, shown, left_out } = await world.db.row(`SELECT max(octet_length(detail::text)) AS longest,
      min(jsonb_array_length(detail -> 'candidates') + (detail ->> 'candidates_left_out')::int) AS shown,
      min((detail ->> 'candidates_left_out')::int) AS left_out FROM routing_decision`);
  assert.ok(longest <= 4096, `${longest} bytes`);
  assert.strictEqual(Number(shown), PLACES);
  assert.ok(Number(left_out) > 100);
  const [decision] = await world.house.waybill('order', 'explain', '#many7');
  assert.strictEqual(decision.candidates[0].reason, 'chosen');
  assert.strictEqual(decision.candidates.length + decision.candidates_left_out, PLACES);
});

test('an order of 1,000 lines is planned in one go, and the loop has its turns', async (t) => {
  await send('#long', Array.from({ length: 1000 }, (_, n) => `S${n}`));
  await until('it to be planned', async () => (await planned('#long')) === 1, 20000);
  t.diagnostic(`the longest turn was ${await longest_turn_ms()} ms`);
  assert.ok(await longest_turn_ms() < 1000);
  const decision = await world.db.row(`SELECT octet_length(d.detail::text) AS bytes, (d.detail ->> 'items_left_out')::int AS items_left_out
    FROM routing_decision AS d JOIN orders AS o ON o.id = d.order_id WHERE o.name = '#long'`);
  assert.ok(decision.bytes <= 4096);
  assert.ok(decision.items_left_out > 900);
});

test('what is too large to plan is held and says so; other orders go on', async () => {
  await world.owner.run(`
    INSERT INTO listing (merchant_id, store_id, sku, title) SELECT 1, ${world.store_id}, 'KIT' || n, 'kit' FROM generate_series(0, 2) AS n;
    INSERT INTO listing_part (listing_id, item_id, quantity) SELECT l.id, i.id, 1 FROM listing AS l, item AS i WHERE i.sku ~ '^S';`);
  await Promise.all([send('#huge', ['KIT0', 'KIT1', 'KIT2']), send('#small', ['S1'])]);
  const hold = await world.until_held('#huge', 'too_large');
  assert.match(hold.reason, /3000 lines and parts of kits.*200 locations.*split the order/);
  await until('the other to be planned', async () => (await planned('#small')) === 1);
  assert.strictEqual(await planned('#huge'), 0);
});

test('a merchant with more places than can be added is planned all the same', async () => {
  const add = (code) => world.house.try_waybill(['location', 'add', '--code', code, '--address1', '1 st', '--city', 'X', '--country', 'US']);
  await world.owner.run(`
    INSERT INTO location (merchant_id, code, name, address1, city, province_code, zip, country_code, buys_label)
      SELECT 1, 'M' || n, 'Shop ' || n, '1 st', 'X', 'NY', '10001', 'US', false FROM generate_series(${PLACES + 1}, 511) AS n;`);
  assert.strictEqual((await add('LAST')).code, 0);
  const refused = await add('ONE-MORE');
  assert.notStrictEqual(refused.code, 0);
  assert.match(refused.stderr, /would make 513 locations, and a merchant can have 512/);
  await world.owner.run(`
    INSERT INTO location (merchant_id, code, name, address1, city, province_code, zip, country_code, buys_label)
      SELECT 1, 'X' || n, 'Shop ' || n, '1 st', 'X', 'NY', '10001', 'US', false FROM generate_series(1, 20) AS n;`);
  await send('#everywhere', ['S2', 'S3']);
  await until('it to be planned', async () => (await planned('#everywhere')) === 1);
  assert.strictEqual(await route.stop(), 0);
});
