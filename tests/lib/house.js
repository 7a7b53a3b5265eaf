'use strict';

/*
 * A Waybill of a test's own: database, virtual host, configuration, simulators and programs, all
 * named after the test file.
 *
 *   const house = await House.open('label', { simulators: true });
 *   const worker = house.start('waybill-worker', 'rate', 'label');
 *   await until('the label', () => house.db.value("SELECT count(*) FROM shipment WHERE state = 'labelled'"));
 *   await house.close();
 */

const assert = require('assert');
const crypto = require('crypto');
const fs = require('fs');
const path = require('path');
const { Database } = require('./database');
const { free_port, request_json } = require('./http');
const { BIN, Program, run, TOP } = require('./process');
const { Servers } = require('./servers');

const CONF_LINE_BYTES = 198; /* what a line of the configuration may hold */
const LONGEST_KEY = 'operator_url_file';

function ini(sections) {
  return Object.entries(sections).map(([section, values]) => (
    `[${section}]\n${Object.entries(values).map(([key, value]) => `${key} = ${value}\n`).join('')}`)).join('\n');
}

async function migrate(owner_url) {
  const { code, stderr } = await run(path.join(BIN, 'waybill'), ['migrate'],
    { env: { WAYBILL_OWNER_URL: owner_url } });
  if (code !== 0) throw new Error(`waybill migrate ended with ${code}: ${stderr}`);
}

class House {
  /*
   * name: of a-z, 0-9 and _; simulators: start them; servers: the name (test-...) of the private
   * servers, for a test that must not share them; conf: {section: {key: value}} on top of what a test needs
   * anyway.
   */
  static async open(name, { simulators = false, servers = 'test', conf = {} } = {}) {
    const house = new House();
    house.name = name;
    house.dir = path.join(TOP, 'build', 'tests', name);
    house.programs = [];
    house.env_of = () => ({}); /* of a program that start() starts, beside the usual */
    fs.rmSync(house.dir, { recursive: true, force: true });
    fs.mkdirSync(house.dir, { recursive: true });
    house.servers = await Servers.open(servers);
    [house.urls, house.broker, house.gateway_port] = await Promise.all([
      house.servers.fresh_database(`t_${name}`, migrate), house.servers.fresh_vhost(name), free_port()]);
    house.db = new Database(house.urls.WAYBILL_DB_URL);
    house.owner = new Database(house.urls.WAYBILL_OWNER_URL);
    house.admin = new Database(house.urls.WAYBILL_ADMIN_URL);
    try {
      if (simulators) await house.start_simulators();
      house.write_conf(conf);
    } catch (error) {
      await house.close();
      throw error;
    }
    return house;
  }

  /* After it, house.sim is what the simulators said of themselves: their addresses. */
  async start_simulators() {
    this.simulators = new Program(process.execPath,
      ['tests/sim/run.js', '--shopify', '0', '--shippo', '0', '--smtp', '0']);
    this.programs.push(this.simulators);
    const [, said] = await this.simulators.prints(/^ready (\{.*\})$/m);
    this.sim = JSON.parse(said);
  }

  /* Where a file lies that the configuration names: where the clone's path is too long for a line of it, with the servers' data. */
  named_place(name) {
    const file = path.join(this.dir, name);
    if (Buffer.byteLength(`${LONGEST_KEY} = ${file}`) <= CONF_LINE_BYTES) return file;
    return path.join(this.servers.place, `${this.name}.${name}`);
  }

  key_file() {
    return this.named_place('master.key');
  }

  /* Writes the configuration; programs that run keep what they read. */
  write_conf(more = {}) {
    const key_file = this.key_file();
    if (!fs.existsSync(key_file)) {
      fs.writeFileSync(key_file, `${crypto.randomBytes(32).toString('base64')}\n`, { mode: 0o600 });
    }
    const sections = {
      database: { url: this.urls.WAYBILL_DB_URL, operator_url_file: this.secret_file('operator.url', this.urls.WAYBILL_OPERATOR_URL),
        owner_url_file: this.secret_file('owner.url', this.urls.WAYBILL_OWNER_URL) },
      broker: { urls: this.broker.WAYBILL_AMQP_URL },
      secrets: { key_file },
      gateway: { listen: `127.0.0.1:${this.gateway_port}` },
    };
    if (this.sim) sections.mail = { url: this.sim.smtp.url };
    for (const [section, values] of Object.entries(more)) sections[section] = { ...sections[section], ...values };
    this.conf_file = this.file('waybill.conf', ini(sections));
  }

  /* The path of a file that only we can read. */
  file(name, content) {
    const file = path.join(this.dir, name);
    fs.writeFileSync(file, content, { mode: 0o600 });
    return file;
  }

  secret_file(name, text) {
    const file = this.named_place(name);
    fs.writeFileSync(file, `${text}\n`, { mode: 0o600 });
    return file;
  }

  /* Starts one of our programs, for instance start('waybill-worker', 'route'). */
  start(program, ...args) {
    return this.start_in({}, program, ...args);
  }

  /* The same with variables of the environment. */
  start_in(env, program, ...args) {
    if (this.is_closed) throw new Error('nothing is started any more');
    const started = new Program(path.join(BIN, program), args,
      { WAYBILL_CONFIG: this.conf_file, ...this.env_of(program, args), ...env });
    this.programs.push(started);
    return started;
  }

  /* Runs the command line as a person does: {code, stdout, stderr} */
  say(args, input = '') {
    return run(path.join(BIN, 'waybill'), args, { input, env: { WAYBILL_CONFIG: this.conf_file } });
  }

  /* The same, with json: what --json printed. */
  async try_waybill(args, input = '') {
    const result = await this.say([...args, '--json'], input);
    try {
      result.json = JSON.parse(result.stdout);
    } catch {
      result.json = null;
    }
    return result;
  }

  /* The JSON of a command that must succeed. */
  async waybill(...args) {
    const { code, json, stderr } = await this.try_waybill(args);
    if (code !== 0) throw new Error(`waybill ${args.join(' ')} ended with ${code}: ${stderr}`);
    return json;
  }

  /* A command that must end with this code, a text on stderr that matches, and nothing on stdout. */
  async refused(code, text, ...args) {
    const result = await this.try_waybill(args);
    assert.strictEqual(result.code, code, `${args.join(' ')}: ${result.stderr}`);
    assert.match(result.stderr, text);
    assert.strictEqual(result.stdout, '');
    return result;
  }

  get gateway_url() {
    return `http://127.0.0.1:${this.gateway_port}`;
  }

  /* A simulator's control interface: control('shopify', 'books'), control('shippo', 'faults', 'POST', {...}). */
  control(simulator, what, method = 'GET', json = undefined) {
    const address = simulator === 'smtp' ? this.sim.smtp.control : this.sim[simulator];
    return request_json(`${address}/_sim/${what}`, { method, json });
  }

  /* What waits for its next attempt is due now. */
  hurry() {
    return this.owner.run(['orders', 'shipment', 'notice', 'item', 'credential', 'store'].map((table) => (
      `UPDATE ${table} SET due_at = now(), published_at = NULL
        WHERE step IS NOT NULL AND lease IS NULL AND error IS NOT NULL AND due_at > now() AND due_at < now() + interval '1 day';`)).join('\n'));
  }

  queues() {
    return this.servers.queues(this.name);
  }

  wipe_broker() {
    return this.servers.wipe_broker(this.name);
  }

  /*
   * Ends all programs; what they printed is kept in build/tests/NAME for looking at. One that does
   * not end when asked is killed, and an error.
   */
  async close() {
    this.is_closed = true;
    const programs = this.programs.splice(0);
    const ends = await Promise.allSettled(programs.map((program) => (program.is_running ? program.stop() : null)));
    await Promise.all(programs.map((program) => (program.is_running ? program.kill() : null)));
    programs.forEach((program, i) => fs.writeFileSync(path.join(this.dir, `${i}-${program.name}.log`), program.log));
    const late = ends.find((end) => end.status === 'rejected');
    if (late) throw late.reason;
  }
}

module.exports = { House, migrate };
