'use strict';

const assert = require('node:assert');
const { spawn } = require('node:child_process');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const test = require('node:test');

const { call } = require('./lib/harness');

const RUN = path.join(__dirname, 'run.js');

/* Starts run.js without any NODE_PATH; resolves to { child, urls }. */
function start(t, args) {
  const child = spawn(process.execPath, [RUN, ...args], { env: {}, stdio: ['ignore', 'pipe', 'inherit'] });
  t.after(() => child.kill('SIGKILL'));
  return new Promise((resolve, reject) => {
    let text = '';
    child.stdout.on('data', (chunk) => {
      text += chunk;
      const [, said] = /^ready (.*)\n/.exec(text) || [];
      if (said) resolve({ child, urls: JSON.parse(said) });
    });
    child.on('exit', (code) => reject(new Error(`ended with ${code}`)));
  });
}

test('run.js says where everything is, and leaves its books when it is told to end', async (t) => {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'sim-'));
  t.after(() => fs.rmSync(directory, { recursive: true }));
  const pid_file = path.join(directory, 'pid');
  const { child, urls } = await start(t, ['--shopify', '0', '--shippo', '0', '--smtp', '0', '--shop',
    'demo.myshopify.com', '--seed', '3', '--state-dir', directory, '--pid-file', pid_file]);
  assert.strictEqual(fs.readFileSync(pid_file, 'utf8'), `${child.pid}\n`);
  for (const [url, name] of [[urls.shopify, 'shopify'], [urls.shippo, 'shippo'], [urls.smtp.control, 'smtp']]) {
    assert.deepStrictEqual((await call('GET', `${url}/_sim/ping`)).body, { name });
  }
  assert.match(urls.smtp.url, /^smtp:\/\/127\.0\.0\.1:\d+$/);

  const ended = new Promise((resolve) => child.on('exit', (code) => resolve(code)));
  child.kill('SIGTERM');
  assert.strictEqual(await ended, 0);
  const books = JSON.parse(fs.readFileSync(path.join(directory, 'shopify.json'), 'utf8'));
  assert.deepStrictEqual(Object.keys(books.shops), ['demo.myshopify.com']);
});

test('an option that run.js does not know is an error of use', async (t) => {
  await assert.rejects(start(t, ['--shopfy', '0']), /ended with 64/);
});
