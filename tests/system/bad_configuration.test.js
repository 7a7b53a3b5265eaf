'use strict';

/*
 * A configuration that cannot be meant: no program starts with it, and each says which line it is.
 */

const test = require('node:test');
const assert = require('assert');
const fs = require('fs');
const net = require('net');
const path = require('path');
const { House } = require('../lib');

const PROGRAMS = { /* arguments, and the exit code its man page promises */
  'waybill-worker': [['--check'], 1],
  'waybill-gateway': [['--check'], 1],
  'waybill-clock': [['--check'], 1],
  waybill: [['doctor'], null],
};

let house;
let good;

test.before(async () => {
  house = await House.open('bad_configuration');
  good = fs.readFileSync(house.conf_file, 'utf8');
});

test.after(() => house.close());

const WRONG = {
  'an unknown key': ['[gateway]\nlistn = 127.0.0.1:1', 2,
    /unknown key "gateway\.listn"; did you mean "gateway\.listen"\?/],
  'an unknown section': ['[gatway]', 1, /unknown section/],
  'a key given twice': ['[log]\nlevel = info\nlevel = debug', 3, /log\.level is given twice/],
  'a line that is none': ['[log]\nlevel', 2, /neither \[section\] nor key = value/],
  'a line of two kilobytes': [`[log]\nlevel = ${'x'.repeat(2000)}`, 2, /too long/],
  'a NUL byte': ['[log]\nlevel = info\0\n', 2, /NUL/],
  'a value over two lines': ['[mail]\nuser =\n  jane', 3, /begins with a blank/],
  'a number too small': ['[worker]\nbatch_max = 0', 2, /worker\.batch_max must be a whole number from 1 to 1000/],
  'a number that is none': ['[worker]\nbatch_max = many', 2, /whole number/],
  'a number beyond 64 bits': ['[worker]\nbatch_max = 99999999999999999999', 2, /whole number/],
  'a database url of another kind': ['[database]\nurl = mysql://localhost/waybill', 2,
    /database\.url must be postgresql:/],
  'a broker url of another kind': ['[broker]\nurls = http://localhost', 2, /broker\.urls must be amqp:/],
  'a broker url among good ones': ['[broker]\nurls = amqp://localhost,redis://localhost', 2,
    /broker\.urls must be amqp:/],
  'a mail url of another kind': ['[mail]\nurl = gopher://localhost', 2, /mail\.url must be smtp:/],
  'a mail url with a password': ['[mail]\nurl = smtp://jane:geheim@localhost', 2, /mail\.url must be smtp:/],
  'an address without a port': ['[gateway]\nlisten = localhost', 2, /gateway\.listen must be host:port/],
  'a port beyond all ports': ['[gateway]\nlisten = localhost:65536', 2, /gateway\.listen must be host:port/],
  'a folder that is no absolute path': ['[mail]\ntemplates = ../templates', 2,
    /mail\.templates must be an absolute path/],
};

/* Starts a program with a configuration; all of them end by themselves when it is wrong. */
async function started(name, text) {
  fs.writeFileSync(house.conf_file, text, { mode: 0o600 });
  const [args, code] = PROGRAMS[name];
  const program = house.start(name, ...args);
  return { outcome: await program.ended, log: program.log, code };
}

for (const [what, [text, line, want]] of Object.entries(WRONG)) {
  test(`no program starts with ${what}, and all name the line`, async () => {
    for (const name of Object.keys(PROGRAMS)) {
      const { outcome, log, code } = await started(name, text);
      if (code === null) assert.ok(outcome > 0, `${name}: ${outcome}`);
      else assert.strictEqual(outcome, code, name);
      assert.match(log, want, name);
      assert.ok(log.includes(`${house.conf_file}:${line}: `), `${name}: ${log}`);
      assert.doesNotMatch(log, /geheim/, name);
    }
  });
}

test('a file that is not there is named', async () => {
  for (const [name, [args]] of Object.entries(PROGRAMS)) {
    const program = house.start(name, '--config', '/nowhere/waybill.conf', ...args);
    assert.ok(await program.ended > 0, name);
    assert.match(program.log, /\/nowhere\/waybill\.conf/, name);
  }
});

test('a master key that cannot be used is named, and not shown', async () => {
  const key_file = path.join(house.dir, 'master.key');
  const conf = good.replace(/^key_file = .*$/m, `key_file = ${key_file}.bad`);
  const bad = [['c2hvcnQ=\n', 0o600], ['not base64 at all!\n', 0o600], [fs.readFileSync(key_file), 0o644], ['', 0o600]];
  for (const [bytes, mode] of bad) {
    fs.writeFileSync(`${key_file}.bad`, bytes);
    fs.chmodSync(`${key_file}.bad`, mode);
    for (const name of ['waybill-worker', 'waybill-gateway']) {
      const { outcome, log, code } = await started(name, conf);
      assert.strictEqual(outcome, code, `${name}: ${log}`);
      assert.match(log, /master\.key\.bad/, name);
      assert.doesNotMatch(log, /c2hvcnQ|not base64 at all/, name);
    }
  }
});

test('a mail password that others can read is refused, and an empty one', async () => {
  const password_file = house.secret_file('mail.password', 'geheim');
  const conf = good.replace(/^\[mail\]\n|$/, `[mail]\npassword_file = ${password_file}\n`);
  const starts = async () => { const { outcome, log } = await started('waybill-worker', conf); return { outcome, log }; };
  assert.strictEqual((await starts()).outcome, 0);
  fs.chmodSync(password_file, 0o644);
  const open = await starts();
  assert.strictEqual(open.outcome, 1);
  assert.match(open.log, /refused the mail password .*mail\.password: anybody may read it \(chmod 600\)/);
  fs.writeFileSync(password_file, '\n');
  fs.chmodSync(password_file, 0o600);
  assert.match((await starts()).log, /the mail password file .* is empty/);
});

test('the configuration that all tests use is good', async () => {
  for (const name of ['waybill-worker', 'waybill-gateway']) {
    assert.strictEqual((await started(name, good)).outcome, 0, name);
  }
});

const DAEMONS = ['waybill-worker', 'waybill-gateway', 'waybill-clock'];

/* What a program's check says: {code, text} */
async function check(name, ...args) {
  const program = house.start(name, '--check', ...args);
  return { code: await program.ended, text: program.log };
}

test('a check tries what will be needed: the address of the metrics, and that nobody else reads the secrets', async () => {
  fs.writeFileSync(house.conf_file, good, { mode: 0o600 });
  const taken = net.createServer();
  await new Promise((resolve) => { taken.listen(0, '127.0.0.1', resolve); });
  for (const name of DAEMONS) {
    assert.deepStrictEqual(await check(name), { code: 0, text: `all is there that ${name} needs\n` });
    const address = await check(name, '--metrics', `127.0.0.1:${taken.address().port}`);
    assert.strictEqual(address.code, 1);
    assert.match(address.text, /--metrics: cannot listen on 127\.0\.0\.1:\d+: Address already in use/);
    fs.chmodSync(house.conf_file, 0o644);
    const open = await check(name);
    fs.chmodSync(house.conf_file, 0o600);
    assert.strictEqual(open.code, 1);
    assert.match(open.text, /others can read or change .*waybill\.conf.*chmod 640/);
  }
  await new Promise((resolve) => { taken.close(resolve); });
});

test('what has to be set and is not is named, also by a check', async () => {
  const without = (section, key) => good.replace(new RegExp(`(^\\[${section}\\]\\n(?:[^[].*\\n)*?)${key} = .*\\n`, 'm'), '$1');
  const missing = { 'database.url': DAEMONS, 'broker.urls': DAEMONS, 'secrets.key_file': ['waybill-worker', 'waybill-gateway'] };
  for (const [name, programs] of Object.entries(missing)) {
    const text = without(...name.split('.'));
    assert.notStrictEqual(text, good, name);
    fs.writeFileSync(house.conf_file, text, { mode: 0o600 });
    for (const program of programs) {
      for (const args of [['--check'], program === 'waybill-worker' ? ['route'] : []]) {
        const running = house.start_in({ WAYBILL_DB_URL: '', WAYBILL_AMQP_URL: '' }, program, ...args);
        assert.strictEqual(await running.ended, 1, `${program} without ${name}`);
        assert.match(running.log, new RegExp(`${name.replace('.', '\\.')} is not set`), program);
      }
    }
  }
  fs.writeFileSync(house.conf_file, good, { mode: 0o600 });
});

test('every file with a secret that the configuration names is looked at', async () => {
  const file = path.join(house.dir, 'open.secret');
  fs.writeFileSync(file, 'postgresql://localhost/x', { mode: 0o600 });
  const keys = ['database.operator_url_file', 'database.owner_url_file', 'mail.password_file'];
  for (const key of keys) {
    const [section, name] = key.split('.');
    house.write_conf({ [section]: { [name]: file } });
    fs.chmodSync(file, 0o644);
    const open = await check('waybill-clock');
    assert.strictEqual(open.code, 1, key);
    assert.match(open.text, /others can read or change .*open\.secret.*chmod 640/, key);
    fs.chmodSync(file, 0o600);
    assert.strictEqual((await check('waybill-clock')).code, 0, key);
  }
  house.write_conf();
});

test('a role that there is not is answered with the one that was meant', async () => {
  const program = house.start('waybill-worker', 'rout');
  assert.strictEqual(await program.ended, 2);
  assert.match(program.log, /there is no role "rout"; did you mean "route"\?/);
});

test('a worker that buys labels does not start where it could not keep them; others do not mind', async () => {
  house.write_conf({ labels: { store: '/proc/no-such' } });
  const worker = house.start('waybill-worker', 'label');
  assert.strictEqual(await worker.ended, 1);
  assert.match(worker.log, /labels\.store: could not write a file in \/proc\/no-such/);
  assert.strictEqual((await check('waybill-worker')).code, 1);
  assert.strictEqual((await check('waybill-worker', 'route')).code, 0);
  house.write_conf();
});
