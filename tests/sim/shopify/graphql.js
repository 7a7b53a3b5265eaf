'use strict';

/* Executes a GraphQL request against one shop, with Shopify's errors, cost and throttling. */

const crypto = require('node:crypto');
const fs = require('node:fs');
const path = require('node:path');

const graphql = require('../lib/graphql');
const access = require('./access');
const { requested_cost, actual_cost } = require('./cost');
const { Mutation } = require('./mutations');
const { resolvers } = require('./resolvers');

const SCHEMA_FILE = path.join(__dirname, 'schema.graphql');
const PARSED_MAX = 500;
const DOCUMENTATION = 'https://shopify.dev/api/usage/rate-limits';

function snake_case(name) {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

function default_read(name) {
  const key = snake_case(name);
  return (source) => (source[key] === undefined ? null : source[key]);
}

function guarded(field, resolve) {
  return (source, args, context, info) => {
    access.check(context.shop, field);
    return resolve(source, args, context, info);
  };
}

function build_schema() {
  const schema = graphql.buildSchema(fs.readFileSync(SCHEMA_FILE, 'utf8'));
  const all = { ...resolvers, Mutation };
  for (const type of Object.values(schema.getTypeMap())) {
    if (!graphql.isObjectType(type) || type.name.startsWith('__')) continue;
    const own = all[type.name] || {};
    const fields = type.getFields();
    for (const name of Object.keys(own)) {
      if (!fields[name]) throw new Error(`resolver of ${type.name}.${name}, which the schema lacks`);
    }
    const is_root = type.name === 'QueryRoot' || type.name === 'Mutation';
    for (const [name, field] of Object.entries(fields)) {
      const resolve = own[name] || default_read(name);
      field.resolve = is_root ? guarded(name, resolve) : resolve;
    }
  }
  schema.getType('Node').resolveType = (node) => node.__typename;
  return schema;
}

const schema = build_schema();
const parsed = new Map();

/* { document, errors } of a query text, remembered: clients send the same few again and again. */
function parse(query) {
  const known = parsed.get(query);
  if (known) return known;
  if (parsed.size >= PARSED_MAX) parsed.clear();
  let entry;
  try {
    const document = graphql.parse(query);
    entry = { document, errors: graphql.validate(schema, document) };
  } catch (error) {
    entry = { document: null, errors: [error] };
  }
  parsed.set(query, entry);
  return entry;
}

/* Shopify's code for a validation error of the library. */
function validation_code(message) {
  if (/^Cannot query field/.test(message)) return 'undefinedField';
  if (/^Unknown argument|is not defined by type/.test(message)) return 'argumentNotAccepted';
  if (/was not provided|is required/.test(message)) return 'missingRequiredArguments';
  if (/^Syntax Error/.test(message)) return undefined;
  return 'argumentLiteralsIncompatible';
}

function shown(error) {
  const { message, locations, path: at, extensions } = error;
  const out = { message };
  if (locations) out.locations = locations;
  if (at) out.path = at;
  if (extensions && extensions.code) out.extensions = extensions;
  return out;
}

function invalid(errors) {
  return { errors: errors.map((error) => {
    const code = validation_code(error.message);
    return { ...shown(error), path: ['query'], ...(code ? { extensions: { code } } : {}) };
  }) };
}

function too_dear(cost, limit) {
  return { errors: [{
    message: `Query cost is ${cost}, which exceeds the single query max cost limit (${limit}). ` +
      'See https://shopify.dev/concepts/about-apis/rate-limits for more information on how the ' +
      'cost of a query is calculated.\n',
    extensions: { code: 'MAX_COST_EXCEEDED', cost, maxCost: limit, documentation: DOCUMENTATION },
  }] };
}

function throttled(shop, cost) {
  return {
    errors: [{ message: 'Throttled',
      extensions: { code: 'THROTTLED', documentation: DOCUMENTATION } }],
    extensions: shop.bucket.report(cost, null),
  };
}

/* Names that fault rules and books know a request by: root fields and the operation's name. */
function operation_names(body) {
  const { document } = parse(String(body.query));
  if (!document) return [];
  const operation = graphql.getOperationAST(document, body.operationName);
  if (!operation) return [];
  const fields = operation.selectionSet.selections.filter((node) => node.kind === 'Field')
    .map((node) => node.name.value);
  const name = operation.name && operation.name.value;
  return [...new Set(name ? [...fields, name] : fields)];
}

function run(shop, body, fault) {
  if (typeof body.query !== 'string') {
    return { errors: [{ message: 'Required parameter missing or invalid: query' }] };
  }
  const { document, errors } = parse(body.query);
  if (errors.length > 0) return invalid(errors);
  const operation = graphql.getOperationAST(document, body.operationName);
  if (!operation) return { errors: [{ message: 'No operation was given' }] };
  const variables = body.variables || {};
  const coerced = graphql.getVariableValues(schema, operation.variableDefinitions || [], variables);
  if (coerced.errors) {
    return { errors: coerced.errors.map((error) => ({ ...shown(error),
      extensions: { code: 'INVALID_VARIABLE' } })) };
  }

  const cost = requested_cost(schema, document, operation, coerced.coerced);
  if (cost > shop.bucket.max_cost) return too_dear(cost, shop.bucket.max_cost);
  if (fault.throttled || !shop.bucket.take(cost)) return throttled(shop, cost);

  const result = shop.outbox.action(undefined, () => graphql.execute({
    schema, document, variableValues: variables, operationName: body.operationName,
    contextValue: { shop },
  }));
  const actual = actual_cost(operation, result.data, cost);
  shop.bucket.give_back(cost - actual);
  const answer = {};
  if (result.errors) {
    answer.errors = result.errors.map(shown);
    answer.data = result.data || Object.fromEntries(result.errors.filter((error) => error.path)
      .map((error) => [error.path[0], null]));
  } else {
    answer.data = result.data;
  }
  answer.extensions = shop.bucket.report(cost, actual);
  return answer;
}

function request_id() {
  return `${crypto.randomUUID()}-${Math.floor(Date.now() / 1000)}`;
}

module.exports = { schema, run, operation_names, request_id };
