'use strict';

/*
 * CSV files: what is wrong in one is said by line, and nothing of it is taken; a good one may be imported again and again.
 */

const test = require('node:test');
const assert = require('assert');
const { House } = require('../lib');

let house;

const waybill = (...args) => house.waybill(...args);
const file = (...args) => house.file(...args);
const refused = (...args) => house.refused(...args);

test.before(async () => {
  house = await House.open('cli_csv');
  await waybill('merchant', 'add', 'Acme');
  await waybill('location', 'add', '--code', 'EAST', '--address1', '1 Main St', '--city', 'Boston', '--country', 'US');
});

test.after(() => house.close());

const bad_csv = {
  'an unknown column': ['sku,colour\nA,blue\n', /bad\.csv: line 1: unknown column "colour"/],
  'a column twice': ['sku,sku\nA,B\n', /line 1: column "sku" stands there twice/],
  'no key column': ['title\nA\n', /line 1: column "sku" is missing/],
  'a field too few': ['sku,title\nA,one\nB\n', /bad\.csv:3: 1 fields, but the header has 2/],
  'a wrong number': ['sku,grams\nA,1\nB,heavy\n', /bad\.csv:3: grams: a whole number/],
  'an empty key': ['sku,title\nA,one\n,two\n', /bad\.csv:3: sku: is empty/],
  'the same key twice': ['sku,title\nA,one\nB,two\nA,three\n', /bad\.csv:4: sku: the same stands in another line/],
  'the same key in another case': ['sku,title\nA,one\n a ,three\n', /bad\.csv:3: sku: the same stands in another line/],
  'semicolons': ['sku;title\nA;one\n', /line 1: commas are needed between the columns/],
  'a country that is none': ['sku,origin-country\nA,us\nB,USA\n', /bad\.csv:3: origin-country: two letters such as US are needed/],
  'a blank for a key': ['sku,title\nA,one\n" ",two\n', /bad\.csv:3: sku: is empty, too long, or not of the form/],
  'a quote that is never closed': ['sku,title\nA,"one\nB,two\n', /line 2: a quote is never closed/],
  'text behind a quote': ['sku,title\nA,"one"x\n', /line 2: text behind a closing quote/],
  'a quote in the middle': ['sku,title\nA,o"ne\n', /line 2: a quote inside/],
  'a line number behind a quoted line break': ['sku,title,grams\nA,"b",1\nB,c,x\n', /bad\.csv:3: grams/],
  'bytes that are not UTF-8': [Buffer.from('sku,title\nA,one\nB,\xff\n', 'latin1'), /line 3: not UTF-8/],
  'an empty file': ['', /the file is empty/],
  'SQL as a number': ['sku,grams\nA,1); DROP TABLE item;--\n', /bad\.csv:2: grams: a whole number/],
  'too many lines': [`sku\n${Array.from({ length: 100001 }, (_, i) => `S${i}`).join('\n')}\n`, /more than 100,000 records/],
};
for (const [name, [content, text]] of Object.entries(bad_csv)) {
  test(`a CSV file with ${name} is refused with its line, and nothing is imported`, async () => {
    const before = await house.db.value('SELECT count(*) FROM item');
    await refused(1, text, 'item', 'import', file('bad.csv', content));
    assert.strictEqual(await house.db.value('SELECT count(*) FROM item'), before);
  });
}

test('control characters of options and CSV files become blanks, as everywhere', async () => {
  await waybill('item', 'import', file('blank.csv', 'sku,title\nBLANK,"a\tb\0c\nd\u0085e"\n'));
  assert.strictEqual(await house.db.value("SELECT title FROM item WHERE sku = 'BLANK'"), 'a b c d e');
  await waybill('item', 'set', '--sku', 'BLANK', '--title', 'a\nb\x7f');
  assert.strictEqual(await house.db.value("SELECT title FROM item WHERE sku = 'BLANK'"), 'a b ');
});

test('all wrong lines of a CSV file are shown, up to twenty', async () => {
  const lines = Array.from({ length: 30 }, (_, i) => `S${i},x`).join('\n');
  const { stderr } = await refused(1, /20 or more lines are wrong/, 'item', 'import', file('bad.csv', `sku,grams\n${lines}\n`));
  assert.strictEqual(stderr.match(/bad\.csv:\d+: grams/g).length, 20);
});

test('a CSV file with quotes, line ends of Windows, blank lines and a byte order mark is read', async () => {
  await waybill('item', 'import', file('good.csv', '\ufeffsku,title,grams\r\n\r\nTEE,"T ""Shirt"", größe M",200\r\nCAP,,\r\n'));
  const rows = await house.db.rows("SELECT sku, title, grams FROM item WHERE sku IN ('TEE', 'CAP') ORDER BY sku");
  assert.deepStrictEqual(rows, [{ sku: 'CAP', title: '', grams: null }, { sku: 'TEE', title: 'T "Shirt", größe M', grams: 200 }]);
});

test('importing again changes what the file says and keeps what it does not say', async () => {
  const [row] = await waybill('item', 'import', file('again.csv', 'sku,hs-code\nTEE,610910\n'));
  assert.strictEqual(row.outcome, 'changed');
  assert.deepStrictEqual(await house.db.row("SELECT grams, hs_code FROM item WHERE sku = 'TEE'"), { grams: 200, hs_code: '610910' });
});

test('a stock file with an unknown SKU is refused with its line, and nothing is counted', async () => {
  await refused(1, /bad\.csv:3: sku: there is no item "NOPE"/, 'stock', 'import',
    file('bad.csv', 'sku,location,quantity\nTEE,EAST,5\nNOPE,EAST,5\n'));
  assert.strictEqual(await house.db.value("SELECT count(*) FROM stock_move JOIN item ON item.id = item_id WHERE sku = 'TEE'"), 0);
});

test('what can not be read, what nobody knows and what the database refuses are told together, by line', async () => {
  const goods = await refused(1, /4 lines are wrong; nothing was changed/, 'stock', 'import',
    file('bad.csv', 'SKU, location ,quantity\nTEE,EAST,5\nNOPE,EAST,5\nTEE,MARS,many\nCAP,EAST\nNEITHER,NOWHERE,1\n'));
  assert.deepStrictEqual(goods.stderr.match(/bad\.csv:\d+: [^\n]*/g).map((line) => line.replace(/^bad\.csv:/, '')), [
    '3: sku: there is no item "NOPE"', '4: quantity: a whole number from 0 to 1000000000 is needed',
    '4: location: there is no location "MARS"', '5: 2 fields, but the header has 3',
    '6: sku: there is no item "NEITHER"', '6: location: there is no location "NOWHERE"']);
  const places = await refused(1, /3 lines are wrong/, 'location', 'import', file('bad.csv',
    ['code,address1,city,country,time-zone,closed-from,closed-until', 'P1,a,c,US,UTC,,', 'P2,a,c,US,Mars/Base,,', 'P3,a,c,usa,UTC,,',
      'P4,a,c,US,UTC,2030-02-01,2030-01-01', ''].join('\n')));
  assert.match(places.stderr, /bad\.csv:3: time-zone: there is no "Mars\/Base"/);
  assert.match(places.stderr, /bad\.csv:4: country: two letters/);
  assert.match(places.stderr, /bad\.csv:5: closed-until: a day before closed-from/);
  assert.strictEqual(await house.db.value("SELECT count(*)::int FROM location WHERE code LIKE 'P_'"), 0);
});

test('stock is imported as counted, and a second import changes nothing', async () => {
  const csv = file('stock.csv', 'sku,location,quantity\nTEE,EAST,5\nCAP,EAST,0\n');
  await waybill('stock', 'import', csv);
  await waybill('stock', 'import', csv);
  assert.strictEqual(await house.db.value("SELECT on_hand FROM stock JOIN item ON item.id = item_id WHERE sku = 'TEE'"), 5);
  assert.strictEqual(await house.db.value("SELECT count(*) FROM stock_move JOIN item ON item.id = item_id WHERE sku IN ('TEE', 'CAP')"), 1);
});

test('locations are imported', async () => {
  await waybill('location', 'import', file('places.csv',
    'code,name,address1,city,country,shipment-cost,auto-ship\nWEST,West,"2 Main St, Dock 3",LA,US,4.50,yes\n'));
  assert.deepStrictEqual(await house.db.row("SELECT address1, shipment_cost, auto_ship FROM location WHERE code = 'WEST'"),
    { address1: '2 Main St, Dock 3', shipment_cost: 45000, auto_ship: true });
});
