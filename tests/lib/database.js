'use strict';

/*
 * PostgreSQL through psql: rows come as JSON, with integers beyond 2^53 as strings, so that no
 * digit is lost.
 */

const { run } = require('./process');

/* Debian's /usr/bin/psql is a Perl program that starts this one, which takes five times as long. */
const PSQL = '/usr/lib/postgresql/15/bin/psql';

class Sql_error extends Error {
  constructor(text) {
    const [, code, message] = /ERROR:\s+(\w{5}): (.*)/.exec(text) || [null, null, text];
    super(message);
    this.code = code; /* SQLSTATE */
  }
}

const STRING_OR_LONG_INTEGER = /"(?:[^"\\]|\\.)*"|-?\d{16,}(?![\d.eE])/g;

function parse_exactly(json) {
  const quoted = (token) => (token[0] === '"' ? token : `"${token}"`);
  return JSON.parse(json.replace(STRING_OR_LONG_INTEGER, quoted));
}

class Database {
  constructor(url) {
    this.url = url;
  }

  async psql(statements) {
    const args = [this.url, '-AtqX', '-v', 'ON_ERROR_STOP=1', '-v', 'VERBOSITY=verbose'];
    const { code, stdout, stderr } = await run(PSQL, args, { input: statements });
    if (code !== 0) throw new Sql_error(stderr);
    return { stdout, stderr };
  }

  /* Runs statements; returns what psql prints: a line per row, columns separated by |. */
  async run(statements) {
    return (await this.psql(statements)).stdout.trimEnd();
  }

  /* Runs statements; returns the server's notices. */
  async notices(statements) {
    return (await this.psql(statements)).stderr;
  }

  /* The rows of one SELECT (or of INSERT, UPDATE, DELETE with RETURNING) as objects. */
  async rows(query) {
    return parse_exactly(await this.run(`WITH t AS (${query}) SELECT coalesce(json_agg(t), '[]') FROM t;`));
  }

  async row(query) {
    const rows = await this.rows(query);
    if (rows.length !== 1) throw new Error(`${rows.length} rows instead of one from: ${query}`);
    return rows[0];
  }

  /* The one column of the one row. */
  async value(query) {
    return Object.values(await this.row(query))[0];
  }
}

/* A text as an SQL literal. */
function quote(text) {
  return text === null ? 'NULL' : `'${String(text).replace(/'/g, "''")}'`;
}

module.exports = { Database, Sql_error, quote };
