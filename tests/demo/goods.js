'use strict';

/*
 * What the demo's merchant has: places, goods, kits, and how much of each lies where.
 */

const SHOP = 'northwind.myshopify.com';

/* One of each kind; the south ships by hand, everybody else as soon as the label is bought. */
const LOCATIONS = [
  { code: 'EAST', name: 'East', kind: 'warehouse', city: 'Albany', province: 'NY', zip: '12207',
    priority: 10, cost: '3.00', auto_ship: true },
  { code: 'WEST', name: 'West', kind: 'warehouse', city: 'Reno', province: 'NV', zip: '89501',
    priority: 20, cost: '3.50', auto_ship: true },
  { code: 'SOUTH', name: 'South', kind: 'warehouse', city: 'Macon', province: 'GA', zip: '31201',
    priority: 30, cost: '4.25', auto_ship: false },
  { code: 'PARTNER', name: 'Partner', kind: '3pl', city: 'Gary', province: 'IN', zip: '46402',
    priority: 40, cost: '6.00', auto_ship: true },
  { code: 'SUPPLIER', name: 'Supplier', kind: 'dropship', city: 'Waco', province: 'TX', zip: '76701',
    priority: 50, cost: '7.50', auto_ship: true },
];

const BULK = Array.from({ length: 60 }, (_, i) => `BEAD-${String(i + 1).padStart(2, '0')}`);
const PLENTY = 5000;

/*
 * SKU -> {title, grams, price, stock}. Kinds of orders whose way must be known have goods that only they want.
 */
const GOODS = {
  'TEE-S': { title: 'Tee, small', grams: 180, price: '19.00', stock: { EAST: PLENTY, WEST: PLENTY } },
  'TEE-M': { title: 'Tee, medium', grams: 190, price: '19.00', stock: { EAST: PLENTY, WEST: PLENTY } },
  MUG: { title: 'Mug', grams: 350, price: '12.50', stock: { EAST: PLENTY } },
  CAP: { title: 'Cap', grams: 90, price: '15.00', stock: { WEST: PLENTY } },
  LAMP: { title: 'Lamp', grams: 2100, price: '89.00', stock: { EAST: PLENTY } },
  VASE: { title: 'Vase', grams: 1400, price: '45.00', stock: { WEST: PLENTY } },
  CLOCK: { title: 'Clock', grams: 900, price: '64.00', stock: { SOUTH: PLENTY } },
  RUG: { title: 'Rug', grams: 5200, price: '149.00', stock: { PARTNER: PLENTY } },
  CHAIR: { title: 'Chair', grams: 7800, price: '199.00', stock: { EAST: 3, SUPPLIER: PLENTY } },
  PRINT: { title: 'Print', grams: 120, price: '25.00', stock: { EAST: 10 } },
  POSTER: { title: 'Poster', grams: 110, price: '18.00', stock: {} },
  FRAME: { title: 'Frame', grams: 800, price: '34.00', stock: {} },
  'CAFÉ-Ü': { title: 'Café „Größe M“ ☕', grams: 500, price: '9.90', stock: { WEST: PLENTY } },
};
for (const sku of BULK) {
  GOODS[sku] = { title: `Bead ${sku.slice(5)}`, grams: 20, price: '1.10', stock: { EAST: PLENTY } };
}

/* Sold under a SKU of their own, shipped as what they consist of. */
const KITS = {
  'GIFT-BOX': { title: 'Gift box', price: '55.00', parts: { MUG: 1, 'TEE-S': 2 } },
};

/* In the store, and never in a parcel. */
const INTANGIBLE = {
  GUIDE: { title: 'Care guide (PDF)', price: '5.00', requires_shipping: false },
  CARD: { title: 'Gift card', price: '50.00', gift_card: true },
};

/* The store sells it before the merchant has told Waybill what it is. */
const SURPRISE = {
  sku: 'NEW-2027', title: 'Something new', grams: 300, price: '29.00', location: 'EAST', units: 500,
};

module.exports = { SHOP, LOCATIONS, GOODS, KITS, INTANGIBLE, SURPRISE, BULK };
