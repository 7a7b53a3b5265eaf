'use strict';

const assert = require('node:assert');
const fs = require('node:fs');
const path = require('node:path');
const test = require('node:test');

const { CONTRACTS, skip_without_contracts } = require('../lib/contracts');
const graphql = require('./lib/graphql');

const ROOT = path.join(__dirname, '..', '..');
const REAL_FILE = path.join(CONTRACTS, 'shopify', 'admin-2026-10.oms.graphql');
const SUBSET_FILE = path.join(__dirname, 'shopify', 'schema.graphql');
const DOCUMENTS = path.join(ROOT, 'connectors', 'shopify', 'graphql');


function read_schema(file) {
  return graphql.buildSchema(fs.readFileSync(file, 'utf8'),
    { assumeValidSDL: true, assumeValid: true });
}

function default_of(argument) {
  return argument.defaultValue === undefined ? '' : JSON.stringify(argument.defaultValue);
}

/* What `subset` has that `real` has not, or has otherwise. */
function differences(subset, real) {
  const found = [];
  const same = (where, mine, its) => {
    if (mine !== its) found.push(`${where}: ${mine} here, ${its} in the real schema`);
  };
  for (const mine of Object.values(subset.getTypeMap())) {
    const its = real.getType(mine.name);
    if (!its) found.push(`type ${mine.name} does not exist`);
    else if (its.constructor !== mine.constructor) found.push(`${mine.name} is of another kind`);
    else if (graphql.isEnumType(mine)) {
      for (const { name } of mine.getValues()) {
        if (!its.getValue(name)) found.push(`value ${mine.name}.${name} does not exist`);
      }
    } else if (mine.getFields) compare_fields(mine, its, same, found);
  }
  return found;
}

function compare_fields(mine, its, same, found) {
  for (const field of Object.values(mine.getFields())) {
    const where = `${mine.name}.${field.name}`;
    const real_field = its.getFields()[field.name];
    if (!real_field) {
      found.push(`field ${where} does not exist`);
      continue;
    }
    same(where, String(field.type), String(real_field.type));
    for (const argument of field.args || []) {
      const real_argument = real_field.args.find((one) => one.name === argument.name);
      if (!real_argument) found.push(`argument ${where}(${argument.name}) does not exist`);
      else {
        same(`${where}(${argument.name})`, `${argument.type}${default_of(argument)}`,
          `${real_argument.type}${default_of(real_argument)}`);
      }
    }
    for (const required of (real_field.args || []).filter(graphql.isRequiredArgument)) {
      if (!field.args.some((one) => one.name === required.name)) {
        found.push(`required argument ${where}(${required.name}) is missing`);
      }
    }
  }
  if (!graphql.isInputObjectType(mine)) return;
  for (const required of Object.values(its.getFields()).filter(graphql.isRequiredInputField)) {
    if (!mine.getFields()[required.name]) {
      found.push(`required field ${mine.name}.${required.name} is missing`);
    }
  }
}

test('every type, field, argument and enum value of the subset stands in the real schema',
  { skip: skip_without_contracts }, () => {
    assert.deepStrictEqual(differences(read_schema(SUBSET_FILE), read_schema(REAL_FILE)), []);
  });

test('a field that the real schema lacks is noticed', { skip: skip_without_contracts }, () => {
  const text = fs.readFileSync(SUBSET_FILE, 'utf8');
  const bent = graphql.buildSchema(text.replace('type Shop implements Node {',
    'type Shop implements Node {\n  warehouseCount: Int!'));
  assert.deepStrictEqual(differences(bent, read_schema(REAL_FILE)),
    ['field Shop.warehouseCount does not exist']);
});

test('the idempotent directive takes the real arguments', { skip: skip_without_contracts }, () => {
  const shape = (schema) => {
    const { args, locations } = schema.getDirective('idempotent');
    return { args: args.map((one) => `${one.name}: ${one.type}`), locations };
  };
  assert.deepStrictEqual(shape(read_schema(SUBSET_FILE)), shape(read_schema(REAL_FILE)));
});

const documents = fs.existsSync(DOCUMENTS)
  ? fs.readdirSync(DOCUMENTS).filter((name) => name.endsWith('.graphql')) : [];

for (const name of documents) {
  const file = path.join(DOCUMENTS, name);
  const problems = (schema_file) => graphql.validate(read_schema(schema_file),
    graphql.parse(fs.readFileSync(file, 'utf8'))).map((error) => error.message);

  test(`${name} is valid in the real schema`, { skip: skip_without_contracts }, () => {
    assert.deepStrictEqual(problems(REAL_FILE), []);
  });
  test(`${name} is valid in the simulator's schema`, () => {
    assert.deepStrictEqual(problems(SUBSET_FILE), []);
  });
}
