'use strict';

/*
 * What the documentation names is there, and what it tells to type works as typed: commands, keys of the configuration, SQL, metrics,
 * files, targets of make. (The first start has a test of its own, install.test.js.)
 */

const test = require('node:test');
const assert = require('assert');
const fs = require('fs');
const path = require('path');
const { BIN, House, TOP, run } = require('../lib');

const PAGES = ['README.md', 'CONTRIBUTING.md', ...fs.readdirSync(path.join(TOP, 'docs')).filter((name) => name.endsWith('.md'))
  .map((name) => `docs/${name}`), ...fs.readdirSync(path.join(TOP, 'docs', 'adr')).map((name) => `docs/adr/${name}`)];
const text = Object.fromEntries(PAGES.map((page) => [page, fs.readFileSync(path.join(TOP, page), 'utf8')]));
const MAN = fs.readFileSync(path.join(TOP, 'docs', 'man', 'waybill.1'), 'utf8');

/* What a reader puts in the place of such a word. */
const SAID = { STORE: 'desk.test', ID: '1', TEXT: 'because', REASON: 'because', ORDER: '#1', FOLDER: 'core/domain/templates',
  ROLE: 'route', SKU: 'MUG', 'FILE.json': 'order.json', N: '1' };

let house;

/* [page, found] of each match, once. */
function named(pattern, pages = PAGES) {
  const found = pages.flatMap((page) => [...text[page].matchAll(pattern)].map((match) => [page, match[1]]));
  return [...new Map(found.map((one) => [one[1], one])).values()];
}

/* Words as a shell takes them apart. */
function words_of(command) {
  return [...command.matchAll(/"([^"]*)"|'([^']*)'|(\S+)/g)].map(([, a, b, c]) => a ?? b ?? SAID[c] ?? c);
}

test.before(async () => {
  house = await House.open('docs', { simulators: true });
  await house.waybill('merchant', 'add', 'Acme');
  await house.waybill('location', 'add', '--code', 'EAST', '--address1', '1 Main St', '--city', 'Boston', '--country', 'US');
  await house.waybill('store', 'add', '--platform', 'none', '--domain', 'desk.test');
  await house.waybill('item', 'add', '--sku', 'MUG', '--title', 'Mug', '--grams', '300');
});

test.after(() => house.close());

/* Called wrongly is only what is named without being called: "waybill stock receive" stands for the command. */
async function is_as_told(where, command) {
  const words = words_of(command).slice(1);
  const { code, stderr } = await house.try_waybill(words);
  if (code !== 2) return;
  const help = await house.try_waybill(['help', ...words]);
  assert.strictEqual(help.code, 0, `${where}: ${command}: ${stderr}${help.stderr}`);
}

test('every command in the texts can be typed as it stands there', async () => {
  const commands = [...named(/`(waybill [^`]+)`/g), ...named(/^ +(waybill [a-z].*)$/gm)];
  assert.ok(commands.length > 25, `only ${commands.length}`);
  for (const [page, command] of commands) await is_as_told(page, command);
});

test("the man page's examples can be typed as they stand there", async () => {
  const [, examples] = /^\.SH EXAMPLES\n\.nf\n(.*?)^\.fi$/ms.exec(MAN);
  const commands = examples.replace(/\\e\n +/g, '').replace(/\\-/g, '-').trim().split('\n');
  assert.ok(commands.length > 6);
  for (const command of commands) await is_as_told('waybill.1', command);
});

test('every setting in the texts is a key of the configuration, and every key is explained', async () => {
  const { stdout } = await run(path.join(BIN, 'waybill-worker'), ['--help']);
  let section = '';
  const keys = stdout.split('\n').flatMap((line) => {
    const begins = /^\[(\w+)\]/.exec(line);
    if (begins) section = begins[1];
    const key = /^[#; ]*(\w+) =/.exec(line);
    return key && section ? [`${section}.${key[1]}`] : [];
  });
  assert.ok(keys.length > 25, stdout);
  const sections = new Set(keys.map((key) => key.split('.')[0]));
  for (const [page, name] of named(/`([a-z]+\.[a-z_]+)`/g)) {
    const is_file = fs.existsSync(path.join(TOP, name)) || /\.(c|h|js|sql|md|conf|json|mk|key|env|js)$/.test(name);
    if (sections.has(name.split('.')[0]) && !is_file) assert.ok(keys.includes(name), `${page}: ${name}`);
  }
  for (const key of keys) assert.ok(text['docs/configuration.md'].includes(`\`${key}\``), `configuration.md lacks ${key}`);
});

test('every statement in the texts runs as the workers\' user', async () => {
  const statements = named(/^( {4,}SELECT [\s\S]*?;)$/gm);
  assert.ok(statements.length >= 2);
  for (const [page, statement] of statements) {
    await assert.doesNotReject(house.db.run(statement), `${page}: ${statement}`);
  }
});

test('every metric in the texts is one that a program has', async () => {
  const sources = (await run('grep', ['-rhoE', '"(waybill|process)_[a-z_]+"', 'core', 'workers', 'gateway', 'clock'])).stdout;
  for (const [page, name] of named(/`((?:waybill|process)_[a-z_]+)(?:\{[^`]*)?`/g)) {
    if (['waybill_owner', 'waybill_operator'].includes(name)) continue; /* roles of the database */
    assert.ok(sources.includes(`"${name}"`), `${page}: ${name}`);
  }
});

test('every file and folder in the texts is there', () => {
  const tops = fs.readdirSync(TOP).filter((name) => fs.statSync(path.join(TOP, name)).isDirectory() && !/^(build|\.)/.test(name));
  const pattern = new RegExp(`\`((?:${tops.join('|')})/[A-Za-z0-9_./-]+)\``, 'g');
  for (const [page, name] of named(pattern, PAGES.filter((page) => !page.startsWith('docs/adr')))) {
    if (/[A-Z]{4}/.test(name)) continue; /* NNNN, NAME: the reader's own */
    assert.ok(fs.existsSync(path.join(TOP, name)), `${page}: ${name}`);
  }
  for (const page of PAGES) {
    for (const [, link] of text[page].matchAll(/\]\((?!https?:|#)([^)#]+)/g)) {
      assert.ok(fs.existsSync(path.join(TOP, path.dirname(page), link)), `${page}: ${link}`);
    }
  }
});

test('every target of make in the texts is one', async () => {
  for (const [page, target] of [...named(/`make ([a-z-]+)/g), ...named(/^ {4}make ([a-z-]+)/gm)]) {
    const { code, stderr } = await run('make', ['-n', '-s', target]);
    assert.strictEqual(code, 0, `${page}: make ${target}: ${stderr}`);
  }
});

test('decisions are numbered one after the other, and their titles say the number', () => {
  fs.readdirSync(path.join(TOP, 'docs', 'adr')).sort().forEach((name, i) => {
    assert.strictEqual(Number(name.slice(0, 4)), i + 1, name);
    assert.ok(text[`docs/adr/${name}`].startsWith(`# ${i + 1}. `), name);
  });
});
