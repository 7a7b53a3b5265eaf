-- For pgbench, through run.js: what an order costs in SQL alone, without workers, broker, rules, keys to elsewhere, leases or audit
-- hashes. One pgbench transaction is 100 orders of three lines and 1.5 shipments, in four transactions: taken in, planned, labelled,
-- shipped. The client and n make the ids.
\set n :n + 1
\set first :client_id * 10000000 + :n * 100
\set last :first + 99
BEGIN;
INSERT INTO thin.orders (id, name, state, address) SELECT g, '#' || g, 'paid', repeat('x', 400) FROM generate_series(:first::int, :last::int) AS g;
INSERT INTO thin.line (order_id, nth, item, quantity, title)
  SELECT g, k, 1 + (g % 1000 * 7 + k * 331) % 1000, k, repeat('x', 60) FROM generate_series(:first::int, :last::int) AS g, generate_series(1, 3) AS k;
INSERT INTO thin.event SELECT g, 1, now(), 'received' FROM generate_series(:first::int, :last::int) AS g;
COMMIT;
BEGIN;
SELECT id FROM thin.stock WHERE id IN (SELECT item FROM thin.line WHERE order_id BETWEEN :first AND :last) ORDER BY id FOR NO KEY UPDATE;
INSERT INTO thin.shipment (order_id, nth, state) SELECT g, k, 'planned' FROM generate_series(:first::int, :last::int) AS g, generate_series(1, 1 + g % 2) AS k;
INSERT INTO thin.allocation SELECT order_id, 1, nth, quantity FROM thin.line WHERE order_id BETWEEN :first AND :last;
UPDATE thin.stock AS s SET allocated = s.allocated + n.quantity
  FROM (SELECT item, sum(quantity) AS quantity FROM thin.line WHERE order_id BETWEEN :first AND :last GROUP BY 1) AS n WHERE s.id = n.item;
UPDATE thin.orders SET state = 'planned' WHERE id BETWEEN :first AND :last;
INSERT INTO thin.event SELECT g, 2, now(), 'routed' FROM generate_series(:first::int, :last::int) AS g;
COMMIT;
BEGIN;
UPDATE thin.shipment SET state = 'labelled', tracking = 'T' || order_id WHERE order_id BETWEEN :first AND :last;
INSERT INTO thin.label SELECT order_id, nth, 'label' FROM thin.shipment WHERE order_id BETWEEN :first AND :last;
INSERT INTO thin.event SELECT g, 3, now(), 'labelled' FROM generate_series(:first::int, :last::int) AS g;
COMMIT;
BEGIN;
SELECT id FROM thin.stock WHERE id IN (SELECT item FROM thin.line WHERE order_id BETWEEN :first AND :last) ORDER BY id FOR NO KEY UPDATE;
UPDATE thin.stock AS s SET on_hand = s.on_hand - n.quantity, allocated = s.allocated - n.quantity
  FROM (SELECT item, sum(quantity) AS quantity FROM thin.line WHERE order_id BETWEEN :first AND :last GROUP BY 1) AS n WHERE s.id = n.item;
UPDATE thin.shipment SET state = 'shipped' WHERE order_id BETWEEN :first AND :last;
UPDATE thin.orders SET state = 'fulfilled' WHERE id BETWEEN :first AND :last;
INSERT INTO thin.event SELECT g, 4, now(), 'told_store' FROM generate_series(:first::int, :last::int) AS g;
COMMIT;
