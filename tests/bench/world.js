'use strict';

/* A merchant with a null store, a null carrier, two warehouses and a thousand items. */

const path = require('path');
const { BIN, House, run } = require('../lib');

const FILL = path.join(BIN, '..', 'bench', 'fill');

/* Which items lie where: see fill.c. */
const SEED = `
  INSERT INTO merchant (name, brand) VALUES ('bench', 'Bench');
  INSERT INTO store (merchant_id, platform, domain, api_base, hook_key)
    VALUES (1, 'null', 'null.example', 'https://null.invalid', 'bench-hook-key-0123456789');
  INSERT INTO carrier_account (merchant_id, carrier, name, api_base) VALUES (1, 'null', 'null', 'https://null.invalid');
  INSERT INTO location (merchant_id, code, name, address1, city, zip, country_code, auto_ship,
                        box_length_mm, box_width_mm, box_height_mm, box_grams)
    VALUES (1, 'E', 'East', 'Ostweg 1', 'Berlin', '10115', 'DE', true, 300, 200, 100, 100),
           (1, 'W', 'West', 'Westweg 1', 'Aachen', '52062', 'DE', true, 300, 200, 100, 100);
  INSERT INTO item (merchant_id, sku, title, grams)
    SELECT 1, 'SKU-' || n, 'Thing ' || n, 200 FROM generate_series(1, 1000) AS n;
  INSERT INTO stock_move (item_id, location_id, delta, kind)
    SELECT i, l, 1000000000, 'receive' FROM generate_series(1, 1000) AS i, generate_series(1, 2) AS l
     WHERE i <= 500 OR (i <= 750) = (l = 1) ORDER BY i, l;`;

async function open_world(name, conf = {}) {
  const house = await House.open(name, { servers: 'bench', conf });
  await house.owner.run(SEED);
  await house.admin.run('VACUUM ANALYZE item, stock, stock_move, location, store; CHECKPOINT;');
  house.fill = async (orders, split) => {
    const args = [house.broker.WAYBILL_AMQP_URL, '1', String(orders), String(split)];
    const { code, stderr } = await run(FILL, args, { deadline_ms: 300000 });
    if (code !== 0) throw new Error(`fill ended with ${code}: ${stderr}`);
  };
  return house;
}

module.exports = { open_world };
