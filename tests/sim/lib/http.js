'use strict';

/*
 * The HTTP ground of every simulator: reads a request whole, lets a fault rule spoil it, and sends
 * head and body in one write.
 */

const http = require('node:http');

const BODY_MAX_BYTES = 16 * 1024 * 1024;
const HTML_ERROR = '<!DOCTYPE html><html><body><h1>Something went wrong</h1></body></html>';

/* Thrown by a handler to answer with a status of its own. */
class HttpError extends Error {
  constructor(status, body, headers = {}) {
    super(`HTTP ${status}`);
    this.response = { status, body, headers };
  }
}

class Request {
  constructor(incoming, body) {
    const url = new URL(incoming.url, 'http://127.0.0.1');
    this.method = incoming.method;
    this.path = decodeURIComponent(url.pathname);
    this.query = url.searchParams;
    this.headers = incoming.headers;
    this.host = incoming.headers.host || '127.0.0.1';
    this.body = body;
    this.operations = [];
    this.fault = {};
    this.parsed = undefined;
  }

  json() {
    if (this.parsed === undefined) {
      try {
        this.parsed = this.body.length ? JSON.parse(this.body.toString('utf8')) : {};
      } catch {
        throw new HttpError(400, { detail: 'JSON parse error' });
      }
    }
    return this.parsed;
  }
}

function read_body(incoming) {
  return new Promise((resolve, reject) => {
    const chunks = [];
    let size = 0;
    incoming.on('data', (chunk) => {
      size += chunk.length;
      if (size > BODY_MAX_BYTES) reject(new HttpError(413, 'too large'));
      else chunks.push(chunk);
    });
    incoming.on('end', () => resolve(Buffer.concat(chunks)));
    incoming.on('error', reject);
  });
}

function pause(ms) {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

function encode(response) {
  const headers = { ...response.headers };
  let body = response.body === undefined ? '' : response.body;
  if (!Buffer.isBuffer(body) && typeof body !== 'string') {
    body = JSON.stringify(body);
    if (!headers['content-type']) headers['content-type'] = 'application/json; charset=utf-8';
  }
  headers['content-length'] = Buffer.byteLength(body);
  return { status: response.status || 200, headers, body };
}

function send(outgoing, response, fault) {
  const { status, headers, body } = encode(response);
  outgoing.writeHead(status, headers);
  if (fault.truncate) {
    outgoing.write(Buffer.from(body).subarray(0, Math.floor(headers['content-length'] / 2)),
      () => outgoing.destroy());
    return;
  }
  outgoing.end(body);
}

/* The answer a fault gives in place of the real one; undefined when it gives none. */
function spoiled(fault) {
  if (fault.status === undefined && !fault.html) return undefined;
  const headers = {};
  if (fault.retry_after !== undefined) headers['retry-after'] = String(fault.retry_after);
  const status = fault.status || 200;
  if (status === 429 && !fault.html) {
    return { status, headers, body: { errors: 'Exceeded 2 calls per second for api client. ' +
      'Reduce request rates to resume uninterrupted service.' } };
  }
  return { status, headers: { ...headers, 'content-type': 'text/html' }, body: HTML_ERROR };
}

/* The real answer with other headers, or with other fields: its own, or those of each of its results. */
function altered(response, { set, headers }) {
  const over = (one) => ({ ...one, ...set });
  const { body } = response;
  const is_list = set && Array.isArray(body.results);
  return {
    ...response, headers: { ...response.headers, ...headers },
    body: is_list ? { ...body, results: body.results.map(over) } : set ? over(body) : body,
  };
}

async function serve(sim, request, outgoing) {
  if (request.path.startsWith('/_sim/')) return send(outgoing, await sim.control(request), {});

  request.operations = sim.operations(request);
  for (const name of request.operations) sim.requests[name] = (sim.requests[name] || 0) + 1;
  const fault = sim.faults.take(request);
  request.fault = fault;

  if (fault.slow_ms && !fault.after_effect) await pause(fault.slow_ms);
  if (!fault.after_effect && fault.close) return outgoing.destroy();
  const instead = spoiled(fault);
  if (instead && !fault.after_effect) return send(outgoing, instead, {});

  const response = altered(await sim.handle(request), fault);
  if (fault.slow_ms && fault.after_effect) await pause(fault.slow_ms);
  if (fault.close) return outgoing.destroy();
  return send(outgoing, instead || response, fault);
}

async function answer(sim, incoming, outgoing) {
  try {
    await serve(sim, new Request(incoming, await read_body(incoming)), outgoing);
  } catch (error) {
    if (outgoing.headersSent) return outgoing.destroy();
    if (error instanceof HttpError) return send(outgoing, error.response, {});
    process.stderr.write(`${sim.name}: ${error.stack}\n`);
    send(outgoing, { status: 500, body: { simulator_bug: error.message } }, {});
  }
}

/* Starts `sim` on loopback; resolves to { url, port, stop }. */
function listen(sim, port) {
  const server = http.createServer((incoming, outgoing) => answer(sim, incoming, outgoing));
  server.keepAliveTimeout = 60000;
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', () => {
      const bound = server.address().port;
      resolve({
        url: `http://127.0.0.1:${bound}`,
        port: bound,
        stop: () => new Promise((done) => {
          server.close(done);
          server.closeAllConnections();
        }),
      });
    });
  });
}

module.exports = { HttpError, Request, listen };
