'use strict';

/*
 * Locations, variants and their stock. A level is one item at one location; on hand is what is
 * available plus what is committed to orders.
 */

const { id_of, gid } = require('./ids');
const { parse_money } = require('./money');

function add_location(shop, given) {
  const id = given.id ? String(given.id) : shop.next_id('Location');
  const location = {
    id,
    name: given.name || `Location ${shop.locations.size + 1}`,
    is_active: given.is_active !== false,
    fulfills_online_orders: given.fulfills_online_orders !== false,
    is_fulfillment_service: given.is_fulfillment_service === true,
    address: {
      address1: '1 Depot Road', address2: null, city: 'Toronto', province: 'Ontario',
      province_code: 'ON', zip: 'M5V 1A1', country: 'Canada', country_code: 'CA', phone: null,
      ...given.address,
    },
    updated_ms: shop.now(),
  };
  shop.locations.set(id, location);
  return location;
}

/* By id, gid or name; throws when there is none. */
function find_location(shop, reference) {
  const by_id = shop.locations.get(id_of('Location', reference));
  if (by_id) return by_id;
  for (const location of shop.locations.values()) {
    if (location.name === reference) return location;
  }
  throw new Error(`no location ${reference}`);
}

function new_level() {
  return { available: 0, committed: 0, is_active: true };
}

/* `stock`: quantity by location id or name; the variant is stocked there and nowhere else. */
function add_variant(shop, given) {
  if (!given.sku) throw new Error('a variant needs a sku');
  const id = given.id ? String(given.id) : shop.next_id('ProductVariant');
  const item = {
    id: given.inventory_item_id ? String(given.inventory_item_id) : shop.next_id('InventoryItem'),
    sku: given.sku, tracked: given.tracked !== false, levels: new Map(),
    created_ms: shop.now(), updated_ms: shop.now(),
  };
  const variant = {
    id, item, sku: given.sku,
    product_id: given.product_id ? String(given.product_id) : shop.next_id('Product'),
    product_title: given.title || given.sku, title: given.variant_title || 'Default Title',
    vendor: given.vendor || 'Acme', barcode: given.barcode || null,
    price: parse_money(given.price || '10', shop.currency), grams: given.grams || 0,
    requires_shipping: given.requires_shipping !== false, gift_card: given.gift_card === true,
    created_ms: shop.now(), updated_ms: shop.now(),
  };
  item.variant = variant;
  for (const [reference, quantity] of Object.entries(given.stock || {})) {
    const level = new_level();
    level.available = quantity;
    item.levels.set(find_location(shop, reference).id, level);
  }
  shop.variants.set(id, variant);
  shop.variants_by_sku.set(given.sku, variant);
  shop.items.set(item.id, item);
  return variant;
}

/* A variant without any level is stocked everywhere (a test that does not care about stock). */
function stocks(variant, location_id) {
  if (!variant || variant.item.levels.size === 0) return true;
  const level = variant.item.levels.get(location_id);
  return level !== undefined && level.is_active;
}

function level_of(variant, location_id) {
  return variant ? variant.item.levels.get(location_id) : undefined;
}

/* Moves `quantity` from available to committed; negative takes it back. */
function commit(variant, location_id, quantity) {
  const level = level_of(variant, location_id);
  if (!level) return;
  level.available -= quantity;
  level.committed += quantity;
}

/* Committed units have left the building. */
function ship(variant, location_id, quantity) {
  const level = level_of(variant, location_id);
  if (level) level.committed -= quantity;
}

const QUANTITY_NAMES = ['available', 'on_hand', 'committed', 'incoming', 'reserved', 'damaged',
  'safety_stock', 'quality_control'];

function quantity_of(level, name) {
  if (name === 'on_hand') return level.available + level.committed;
  return level[name] || 0;
}

/* The checks and the effect of inventorySetQuantities; { error } or { changes }. */
function set_quantities(shop, input) {
  if (!['available', 'on_hand'].includes(input.name)) {
    return refused(['input', 'name'], 'INVALID_NAME', 'The quantity name is invalid.');
  }
  const planned = [];
  for (const [index, wish] of input.quantities.entries()) {
    const at = ['input', 'quantities', String(index)];
    const item = shop.items.get(id_of('InventoryItem', wish.inventoryItemId));
    const location_id = id_of('Location', wish.locationId);
    if (!item) {
      return refused([...at, 'inventoryItemId'], 'INVALID_INVENTORY_ITEM',
        'The specified inventory item could not be found.');
    }
    const level = item.levels.get(location_id);
    if (!level) {
      return refused([...at, 'locationId'], 'INVALID_LOCATION',
        'The specified location could not be found.');
    }
    const present = quantity_of(level, input.name);
    if (wish.changeFromQuantity !== null && wish.changeFromQuantity !== present) {
      return refused([...at, 'changeFromQuantity'], 'CHANGE_FROM_QUANTITY_STALE',
        'The specified compare quantity does not match the current quantity.');
    }
    planned.push({ item, level, location: shop.locations.get(location_id),
      delta: wish.quantity - present });
  }
  const changes = [];
  for (const { item, level, location, delta } of planned) {
    level.available += delta;
    for (const name of ['available', 'on_hand']) {
      changes.push({ name, delta, quantity_after_change: null, item, location,
        ledger_document_uri: null });
    }
  }
  return { changes };
}

function refused(field, code, message) {
  return { error: { field, code, message } };
}

function level_gid(item, location_id) {
  return `${gid('InventoryLevel', location_id)}?inventory_item_id=${item.id}`;
}

module.exports = {
  QUANTITY_NAMES, add_location, find_location, add_variant, stocks, commit, ship, quantity_of,
  set_quantities, level_gid,
};
