#!/usr/bin/env node
'use strict';

/*
 * Starts the simulators in one process on loopback and prints one line `ready {...}` with their
 * URLs. A port of 0 takes any free one. Ends on SIGTERM or SIGINT; with --state-dir it leaves the
 * books there.
 */

const fs = require('node:fs');
const path = require('node:path');
const { parseArgs } = require('node:util');

const { Clock } = require('./lib/clock');
const { listen } = require('./lib/http');
const { random_source } = require('./lib/random');
const { Shippo } = require('./shippo/server');
const { Shopify } = require('./shopify/server');
const { Smtp } = require('./smtp/server');

const USAGE = `usage: run.js [--shopify PORT] [--shippo PORT] [--smtp PORT] [--smtp-control PORT]
              [--seed N] [--shop DOMAIN]... [--state-dir DIR] [--pid-file FILE]
`;

/* Starts all of them; resolves to { urls, sims, stop }. For tests that want them in-process. */
async function start(options = {}) {
  const clock = new Clock();
  const make = (Kind) => new Kind({ clock, random: random_source(options.seed || 1) });
  const sims = { shopify: make(Shopify), shippo: make(Shippo), smtp: make(Smtp) };
  for (const domain of options.shops || []) sims.shopify.add_shop({ domain });
  const port = (name) => Number(options[name] || 0);
  const started = {
    shopify: await listen(sims.shopify, port('shopify')),
    shippo: await listen(sims.shippo, port('shippo')),
    smtp: await sims.smtp.listen(port('smtp')),
    smtp_control: await listen(sims.smtp, port('smtp_control')),
  };
  return {
    sims,
    urls: {
      shopify: started.shopify.url, shippo: started.shippo.url,
      smtp: { url: started.smtp.url, control: started.smtp_control.url },
    },
    stop: () => Promise.all(Object.values(started).map((one) => one.stop())),
  };
}

function read_options() {
  const text = { type: 'string' };
  const { values } = parseArgs({ options: {
    shopify: text, shippo: text, smtp: text, 'smtp-control': text, seed: text,
    shop: { type: 'string', multiple: true }, 'state-dir': text, 'pid-file': text,
  } });
  return { ...values, smtp_control: values['smtp-control'], shops: values.shop,
    seed: Number(values.seed || 1) };
}

function write_books(directory, sims) {
  fs.mkdirSync(directory, { recursive: true });
  for (const sim of Object.values(sims)) {
    const books = { requests: sim.requests, ...sim.books(new URLSearchParams()) };
    fs.writeFileSync(path.join(directory, `${sim.name}.json`), `${JSON.stringify(books, null, 2)}\n`);
  }
}

async function main() {
  let options;
  try {
    options = read_options();
  } catch (error) {
    process.stderr.write(`${error.message}\n${USAGE}`);
    process.exit(64);
  }
  const running = await start(options);
  if (options['pid-file']) fs.writeFileSync(options['pid-file'], `${process.pid}\n`);
  process.stdout.write(`ready ${JSON.stringify(running.urls)}\n`);
  const end = async () => {
    if (options['state-dir']) write_books(options['state-dir'], running.sims);
    await running.stop();
    process.exit(0);
  };
  process.once('SIGTERM', end);
  process.once('SIGINT', end);
}

if (require.main === module) {
  main().catch((error) => {
    process.stderr.write(`run.js: ${error.message}\n`);
    process.exit(1);
  });
}

module.exports = { start };
