'use strict';

/*
 * What a query costs, and the leaky bucket that pays for it. The model: an object with an id costs
 * 1, a mutation 10, a list as many as asked for; amounts, addresses and other values are free.
 */

const graphql = require('../lib/graphql');

const MUTATION_COST = 10;

class Bucket {
  constructor(clock, { maximum, restore_per_s, max_cost }) {
    this.clock = clock;
    this.maximum = maximum;
    this.restore_per_s = restore_per_s;
    this.max_cost = max_cost;
    this.level = maximum;
    this.filled_ms = clock.now();
  }

  available() {
    const now = this.clock.now();
    const restored = ((now - this.filled_ms) / 1000) * this.restore_per_s;
    this.level = Math.min(this.maximum, this.level + restored);
    this.filled_ms = now;
    return this.level;
  }

  /* Reserves `points`; false when there are not enough. */
  take(points) {
    if (this.available() < points) return false;
    this.level -= points;
    return true;
  }

  give_back(points) {
    this.level = Math.min(this.maximum, this.available() + points);
  }

  report(requested, actual) {
    return {
      cost: {
        requestedQueryCost: requested,
        actualQueryCost: actual,
        throttleStatus: {
          maximumAvailable: this.maximum,
          currentlyAvailable: Math.floor(this.available()),
          restoreRate: this.restore_per_s,
        },
      },
    };
  }
}

function has_id(type) {
  return (graphql.isObjectType(type) || graphql.isInterfaceType(type)) &&
    type.getFields().id !== undefined;
}

/* How many a field may return: what `first`, `last` or `ids` ask for; 1 for a field without. */
function list_size(field, variables) {
  const given = field.arguments.find((argument) =>
    ['first', 'last', 'ids'].includes(argument.name.value));
  if (!given) return 1;
  const value = graphql.valueFromASTUntyped(given.value, variables);
  if (Array.isArray(value)) return value.length;
  return Number(value) || 0;
}

/* The cost of a validated operation, before it runs. */
function requested_cost(schema, document, operation, variables) {
  const fragments = Object.fromEntries(document.definitions
    .filter((definition) => definition.kind === 'FragmentDefinition')
    .map((fragment) => [fragment.name.value, fragment]));

  const selection_cost = (type, selections) => selections.reduce((sum, node) => {
    if (node.kind === 'Field') return sum + field_cost(type, node);
    const fragment = node.kind === 'FragmentSpread' ? fragments[node.name.value] : node;
    const on = fragment.typeCondition ? schema.getType(fragment.typeCondition.name.value) : type;
    return sum + selection_cost(on, fragment.selectionSet.selections);
  }, 0);

  const field_cost = (parent, node) => {
    const definition = parent.getFields && parent.getFields()[node.name.value];
    if (!definition || !node.selectionSet) return 0;
    const type = graphql.getNamedType(definition.type);
    const one = selection_cost(type, node.selectionSet.selections) + (has_id(type) ? 1 : 0);
    return one * list_size(node, variables);
  };

  const root = operation.operation === 'mutation' ? schema.getMutationType() : schema.getQueryType();
  const fixed = operation.operation === 'mutation' ? MUTATION_COST : 0;
  return fixed + selection_cost(root, operation.selectionSet.selections);
}

function count_objects(value) {
  if (value === null || typeof value !== 'object') return 0;
  const inside = Object.values(value).reduce((sum, entry) => sum + count_objects(entry), 0);
  return inside + (value.id === undefined ? 0 : 1);
}

/* The cost of what was really answered. */
function actual_cost(operation, data, requested) {
  const fixed = operation.operation === 'mutation' ? MUTATION_COST : 0;
  return Math.min(requested, fixed + count_objects(data));
}

module.exports = { Bucket, requested_cost, actual_cost };
