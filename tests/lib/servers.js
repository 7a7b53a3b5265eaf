'use strict';

/*
 * The private servers (tools/servers), and on them a database and a virtual host for each test
 * file.
 */

const crypto = require('crypto');
const fs = require('fs');
const path = require('path');
const { Database } = require('./database');
const { run, TOP } = require('./process');
const { until } = require('./until');

const MIGRATIONS = path.join(TOP, 'core', 'migrations');

async function call(...args) {
  const { code, stdout, stderr } = await run(path.join(TOP, 'tools', 'servers'), args);
  if (code !== 0) throw new Error(`tools/servers ${args.join(' ')} ended with ${code}: ${stderr}`);
  return stdout;
}

/* When a process started, in ticks since the machine did; '' for none. With the pid it names one process for ever. */
function start_time(pid) {
  try {
    const [state, ...fields] = fs.readFileSync(`/proc/${pid}/stat`, 'latin1').replace(/^.*\) /s, '').split(' ');
    return state === 'Z' ? '' : fields[18];
  } catch {
    return '';
  }
}

function parse_env(text) {
  return Object.fromEntries([...text.matchAll(/^(\w+)='(.*)'$/gm)].map((match) => [match[1], match[2]]));
}

/* Two names of a database on the same server differ in what stands before the question mark. */
function with_database(url, name) {
  return url.replace(/\/[^/?]*\?/, `/${name}?`);
}

/* Where their data lie: a short path, also in a clone whose own is long. */
function place_of(name) {
  return fs.realpathSync(path.join(TOP, 'build', 'servers', name));
}

class Servers {
  constructor(name, env) {
    this.name = name;
    this.place = place_of(name);
    this.env = env;
    this.admin = new Database(with_database(env.WAYBILL_ADMIN_URL, 'postgres'));
  }

  /* Starts them if they do not run. */
  static async open(name = 'test') {
    await call('start', name);
    return new Servers(name, parse_env(await call('env', name)));
  }

  /*
   * This program alone uses the servers from now on, until it ends; they are not removed meanwhile. Returns the pid of another that
   * does, or 0.
   */
  static claim(name) {
    const file = path.join(place_of(name), 'user.pid');
    const [pid, started] = fs.existsSync(file) ? fs.readFileSync(file, 'latin1').trim().split(' ') : [];
    if (pid && start_time(pid) === started) return Number(pid);
    fs.writeFileSync(file, `${process.pid} ${start_time(process.pid)}\n`);
    return 0;
  }

  /*
   * A new, migrated database, a copy of one that migrate(owner_url) made for these migrations. What
   * an earlier run left under the name is dropped first; what this run leaves stays for looking at.
   */
  async fresh_database(name, migrate) {
    const template = await this.template(migrate);
    await this.admin.run(`DROP DATABASE IF EXISTS ${name} WITH (FORCE);
      CREATE DATABASE ${name} TEMPLATE ${template} OWNER waybill_owner;`);
    return {
      WAYBILL_DB_URL: with_database(this.env.WAYBILL_DB_URL, name),
      WAYBILL_OPERATOR_URL: with_database(this.env.WAYBILL_OPERATOR_URL, name),
      WAYBILL_OWNER_URL: with_database(this.env.WAYBILL_OWNER_URL, name),
      WAYBILL_ADMIN_URL: with_database(this.env.WAYBILL_ADMIN_URL, name),
    };
  }

  async template(migrate) {
    const hash = crypto.createHash('sha256');
    for (const file of fs.readdirSync(MIGRATIONS).sort()) {
      hash.update(file).update(fs.readFileSync(path.join(MIGRATIONS, file)));
    }
    const name = `template_${hash.digest('hex').slice(0, 12)}`;
    const exists = () => this.admin.value(`SELECT count(*) FROM pg_database WHERE datname = '${name}'`);
    if (await exists()) return name;
    const mine = `template_new_${process.pid}`;
    await this.admin.run(`DROP DATABASE IF EXISTS ${mine} WITH (FORCE); CREATE DATABASE ${mine} OWNER waybill_owner;`);
    await migrate(with_database(this.env.WAYBILL_OWNER_URL, mine));
    try {
      await this.admin.run(`ALTER DATABASE ${mine} RENAME TO ${name};`);
    } catch (error) { /* another test file was faster */
      if (!await exists()) throw error;
      await this.admin.run(`DROP DATABASE ${mine};`);
    }
    return name;
  }

  async fresh_vhost(name) {
    await call('vhost', this.name, name);
    return { WAYBILL_AMQP_URL: this.env.WAYBILL_AMQP_URL.replace(/[^/]*$/, name) };
  }

  /* Everything the broker had is gone, virtual hosts other than the first included. */
  async wipe_broker(vhost) {
    await call('wipe-broker', this.name);
    if (vhost) await call('vhost', this.name, vhost);
  }

  /* Messages ready and in delivery, by queue. */
  async queues(vhost) {
    const text = await call('ctl', this.name, '-q', 'list_queues', '-p', vhost, '--no-table-headers',
      'name', 'messages_ready', 'messages_unacknowledged');
    return Object.fromEntries(text.split('\n').filter(Boolean).map((line) => {
      const [queue, ready, unacknowledged] = line.split('\t');
      return [queue, { ready: Number(ready), unacknowledged: Number(unacknowledged) }];
    }));
  }

  async delete_queue(vhost, queue) {
    await this.ctl('-q', 'delete_queue', '-p', vhost, queue);
  }

  /* rabbitmqctl; returns what it prints. */
  ctl(...args) {
    return call('ctl', this.name, ...args);
  }

  /* Starts what does not run. */
  start() {
    return call('start', this.name);
  }

  /* Ends PostgreSQL, as "restart" of the machine's would; start() brings it back. */
  async stop_database() {
    const pid = async () => /^postgres runs, pid (\d+)$/m.exec((await run(path.join(TOP, 'tools', 'servers'), ['status', this.name])).stdout);
    process.kill(Number((await pid())[1]), 'SIGINT');
    await until('PostgreSQL to end', async () => !(await pid()));
  }

  stop() {
    return call('stop', this.name);
  }
}

module.exports = { Servers, parse_env };
