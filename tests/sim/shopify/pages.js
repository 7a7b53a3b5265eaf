'use strict';

/*
 * Connections: cursor pages over an array. A cursor holds the sort value and id of the last node,
 * so that a page goes on from the right place although nodes have moved meanwhile.
 */

const { GraphQLError } = require('../lib/graphql');

const PAGE_MAX = 250;

function encode(value, id) {
  return Buffer.from(JSON.stringify({ last_id: id, last_value: value })).toString('base64');
}

function decode(cursor) {
  try {
    const { last_id: id, last_value: value } = JSON.parse(Buffer.from(cursor, 'base64'));
    return { id: BigInt(id), value };
  } catch {
    throw new GraphQLError('Invalid cursor for current pagination sort.',
      { extensions: { code: 'BAD_REQUEST' } });
  }
}

function before(a, b) {
  if (a.value !== b.value) return a.value < b.value ? -1 : 1;
  return a.id === b.id ? 0 : a.id < b.id ? -1 : 1;
}

/* `value_of` gives what the nodes are sorted by; absent, their own order is kept. */
function connection(nodes, args, value_of) {
  const size = args.first === undefined || args.first === null ? args.last : args.first;
  if (size === undefined || size === null) {
    throw new GraphQLError('you must provide one of first or last',
      { extensions: { code: 'BAD_REQUEST' } });
  }
  if (size > PAGE_MAX) {
    throw new GraphQLError(`first cannot be greater than ${PAGE_MAX}`,
      { extensions: { code: 'BAD_REQUEST' } });
  }
  let keyed = nodes.map((node, index) => ({ node, value: value_of ? value_of(node) : index,
    id: BigInt(node.id || 0) }));
  if (value_of) keyed.sort(before);
  if (args.reverse) keyed.reverse();
  const direction = args.reverse ? -1 : 1;
  const had_before = Boolean(args.after);
  if (args.after) {
    const last = decode(args.after);
    keyed = keyed.filter((one) => before(one, last) * direction > 0);
  }
  const page = keyed.slice(0, size);
  const cursor = (one) => (one ? encode(one.value, one.id.toString()) : null);
  return {
    nodes: page.map((one) => one.node),
    page_info: {
      has_next_page: keyed.length > size, has_previous_page: had_before,
      start_cursor: cursor(page[0]), end_cursor: cursor(page[page.length - 1]),
    },
  };
}

/*
 * A search query as a filter: "updated_at:>='2026-11-23T00:00:00Z' status:open". `fields` gives
 * the value of each known field; unknown fields are ignored, as Shopify does.
 */
function search(query, fields) {
  const terms = [];
  const pattern = /(\w+):(>=|<=|>|<)?(?:'([^']*)'|"([^"]*)"|([^\s]+))/g;
  for (const [, name, operator, single, double, bare] of (query || '').matchAll(pattern)) {
    if (fields[name]) terms.push({ read: fields[name], operator, text: single || double || bare });
  }
  return (node) => terms.every(({ read, operator, text }) => holds(read(node), operator, text));
}

function holds(value, operator, text) {
  const wanted = typeof value === 'number' ? Date.parse(text) : text;
  switch (operator) {
  case '>=': return value >= wanted;
  case '<=': return value <= wanted;
  case '>': return value > wanted;
  case '<': return value < wanted;
  default: return String(value).toLowerCase() === String(wanted).toLowerCase();
  }
}

module.exports = { connection, search };
