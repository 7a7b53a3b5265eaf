'use strict';

/*
 * Many sessions at once on two hot items at three locations: everything that moves stock, in random
 * order, some locking the items in opposite orders. At every moment, and at the end, all numbers
 * are exact.
 */

const test = require('node:test');
const assert = require('assert');
const { Schema, line, order, receive } = require('../lib');

const SESSIONS = 24;
const ACTIONS = 100;
const ORDERS = 30;
const ITEMS = [1, 2];
const LOCATIONS = [1, 2, 3];

/* What is wrong, as of one snapshot. Counts below never take what is promised, so nothing is ever short. */
const WRONG = `
  WITH unit AS (
    SELECT a.line_part_id, p.item_id, s.location_id, a.quantity, s.state = 'shipped' AS is_shipped
      FROM allocation AS a JOIN shipment AS s ON s.id = a.shipment_id JOIN line_part AS p ON p.id = a.line_part_id
  )
  SELECT 'promised twice' AS what, item_id AS id FROM stock WHERE allocated > on_hand
  UNION ALL
  SELECT 'on hand is not the sum of the ledger', s.item_id FROM stock AS s
   WHERE s.on_hand <> (SELECT coalesce(sum(delta), 0) FROM stock_move AS m WHERE m.item_id = s.item_id AND m.location_id = s.location_id)
  UNION ALL
  SELECT 'allocated is not the sum of the allocations', s.item_id FROM stock AS s
   WHERE s.allocated <> (SELECT coalesce(sum(quantity), 0) FROM unit AS a
                          WHERE a.item_id = s.item_id AND a.location_id = s.location_id AND NOT a.is_shipped)
  UNION ALL
  SELECT 'what shipped is not what left', a.item_id FROM unit AS a WHERE a.is_shipped
   GROUP BY a.item_id
  HAVING sum(a.quantity) <> -(SELECT coalesce(sum(delta), 0) FROM stock_move AS m WHERE m.item_id = a.item_id AND m.kind = 'ship')
  UNION ALL
  SELECT 'counters of a part are not the sums', p.id FROM line_part AS p JOIN order_line AS l ON l.id = p.order_line_id
   WHERE (p.quantity, p.cancelled, p.allocated, p.shipped, p.backordered) <> (l.ordered, l.cancelled,
     (SELECT coalesce(sum(quantity), 0) FROM unit AS a WHERE a.line_part_id = p.id AND NOT a.is_shipped),
     (SELECT coalesce(sum(quantity), 0) FROM unit AS a WHERE a.line_part_id = p.id AND a.is_shipped),
     (SELECT coalesce(sum(quantity), 0) FROM backorder AS b WHERE b.line_part_id = p.id AND b.state = 'waiting'))
  UNION ALL
  SELECT 'a cancelled shipment has units', s.id FROM shipment AS s JOIN allocation AS a ON a.shipment_id = s.id WHERE s.state = 'cancelled'
  UNION ALL
  SELECT 'an audit chain is broken', order_id FROM audit_broken(1, ${ORDERS})`;

/*
 * One session: each action is a transaction. Refusals are counted, deadlocks are tried again, any
 * other error ends it. Orders are locked before items, as by the workers; but some sessions take the
 * items in the wrong order now and then.
 */
const session = (number) => `
DO $$
DECLARE
  action int; first bigint; o bigint; i bigint; l bigint; s bigint; free bigint; failed boolean;
  done int := 0; refused int := 0; deadlocks int := 0;
BEGIN
  PERFORM setseed(${number / SESSIONS});
  FOR n IN 1..${ACTIONS} LOOP
    action := floor(random() * 8);
    i := 1 + floor(random() * ${ITEMS.length});
    l := 1 + floor(random() * ${LOCATIONS.length});
    first := CASE WHEN ${number % 6 === 0} AND n % 4 = 0 THEN 2 ELSE 1 END;
    LOOP
      failed := false;
      BEGIN
        SELECT id, order_id INTO s, o FROM shipment WHERE action = 3 AND state = 'released' ORDER BY random() LIMIT 1;
        o := coalesce(o, 1 + floor(random() * ${ORDERS}));
        PERFORM 1 FROM orders WHERE id = o AND action <> 2 FOR NO KEY UPDATE;
        CASE action
        WHEN 0, 1 THEN -- a shipment of both items
          INSERT INTO shipment (merchant_id, order_id, delivery_group_id, location_id, state)
            VALUES (1, o, o, l, 'released') RETURNING id INTO s;
          FOR k IN 0..1 LOOP
            i := CASE WHEN k = 0 THEN first ELSE 3 - first END;
            INSERT INTO allocation (line_part_id, shipment_id, quantity)
              SELECT p.id, s, 1 + floor(random() * 4) FROM line_part AS p WHERE p.order_id = o AND p.item_id = i;
          END LOOP;
        WHEN 2 THEN -- it ships
          PERFORM shipments_ship(ARRAY(SELECT id FROM shipment WHERE state = 'released' ORDER BY random() LIMIT 2));
        WHEN 3 THEN -- it is taken back
          DELETE FROM allocation WHERE shipment_id = s AND EXISTS (SELECT FROM shipment WHERE id = s AND state = 'released');
          UPDATE shipment SET state = 'cancelled' WHERE id = s AND state = 'released';
        WHEN 4 THEN
          INSERT INTO stock_move (item_id, location_id, delta, kind) VALUES (i, l, 1 + floor(random() * 5), 'receive');
        WHEN 5 THEN -- a count, of what nobody was promised
          PERFORM 1 FROM item WHERE id = i FOR NO KEY UPDATE;
          SELECT on_hand - allocated INTO free FROM stock WHERE item_id = i AND location_id = l;
          INSERT INTO stock_move (item_id, location_id, delta, kind) SELECT i, l, d, 'count'
            FROM (SELECT 3 - floor(random() * (least(free, 6) + 4))::bigint AS d) AS c WHERE d <> 0;
        WHEN 6 THEN
          UPDATE order_line SET cancelled = cancelled + 1 WHERE order_id = o AND id % 2 = i % 2;
        ELSE -- units wait, and no longer
          UPDATE backorder SET state = 'filled', quantity = 0, closed_at = now()
           WHERE order_id = o AND item_id = i AND state = 'waiting';
          INSERT INTO backorder (order_id, line_part_id, item_id, quantity, wanted)
            SELECT o, p.id, i, 2, 2 FROM line_part AS p WHERE p.order_id = o AND p.item_id = i
            ON CONFLICT (line_part_id) WHERE state = 'waiting' DO NOTHING;
        END CASE;
        done := done + 1;
      EXCEPTION
        WHEN deadlock_detected THEN deadlocks := deadlocks + 1; failed := true;
        WHEN raise_exception OR check_violation THEN refused := refused + 1;
      END;
      COMMIT;
      EXIT WHEN NOT failed;
    END LOOP;
  END LOOP;
  PERFORM set_config('race.result', json_build_object('done', done, 'refused', refused, 'deadlocks', deadlocks)::text, false);
END $$;
SELECT current_setting('race.result');`;

let schema;

test.before(async () => {
  schema = await Schema.open('stock_race');
  await schema.admin.run(`DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET deadlock_timeout = ''20ms''', current_database()); END $$;`);
  const orders = Array.from({ length: ORDERS }, (_, i) => i + 1);
  await schema.db.run(ITEMS.flatMap((item) => LOCATIONS.map((location) => receive(item, location, 40))).join('')
    + orders.map((id) => order(id) + line(2 * id, id, { ordered: 60, item: 2 }) + line(2 * id + 1, id, { ordered: 60, item: 1 })).join(''));
});

test('many sessions on one hot item end exact, and nothing is promised twice at any moment', async () => {
  let running = true;
  const watch = async () => {
    let looks = 0;
    for (; running; looks++) assert.deepStrictEqual(await schema.db.rows(WRONG), []);
    return looks;
  };
  const sessions = Promise.all(Array.from({ length: SESSIONS }, (_, i) => schema.db.run(session(i))))
    .finally(() => { running = false; });
  const [results, looks] = await Promise.all([sessions, watch()]);
  const sum = (key) => results.reduce((total, result) => total + JSON.parse(result)[key], 0);

  assert.deepStrictEqual(await schema.db.rows(WRONG), []);
  assert.strictEqual(sum('done') + sum('refused'), SESSIONS * ACTIONS);
  assert.ok(looks > 1, 'nobody looked meanwhile');
  assert.ok(sum('refused') > 0, 'there was enough stock for everybody');
  assert.ok(sum('deadlocks') > 0, 'the items were never wanted in opposite orders');
  const [{ shipped }] = await schema.db.rows("SELECT count(*) AS shipped FROM shipment WHERE state = 'shipped'");
  assert.ok(shipped > 0, 'nothing shipped');
});
