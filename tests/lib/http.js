'use strict';

/*
 * HTTP as a test needs it: bytes in, bytes out, any status is an answer.
 */

const http = require('http');
const net = require('net');
const { within } = require('./until');

/* {status, headers, body}; body of the request is a Buffer or string. */
function request(url, { method = 'GET', headers = {}, body = '' } = {}, deadline_ms = 10000) {
  const bytes = Buffer.from(body);
  const answer = new Promise((resolve, reject) => {
    const all = { 'Content-Length': bytes.length, ...headers };
    const outgoing = http.request(url, { method, headers: all, agent: false }, (incoming) => {
      const { statusCode: status, headers: received } = incoming;
      const chunks = [];
      incoming.on('data', (chunk) => chunks.push(chunk));
      incoming.on('end', () => resolve({ status, headers: received, body: Buffer.concat(chunks) }));
      incoming.on('error', reject);
    });
    outgoing.on('error', reject);
    outgoing.end(bytes);
  });
  return within(`an answer from ${url}`, answer, deadline_ms);
}

/* The decoded JSON of a successful answer. */
async function request_json(url, { method = 'GET', json } = {}) {
  const options = json === undefined ? { method } : {
    method, body: JSON.stringify(json), headers: { 'Content-Type': 'application/json' },
  };
  const { status, body } = await request(url, options);
  if (status >= 300) throw new Error(`${method} ${url}: ${status} ${body}`);
  return JSON.parse(body);
}

/* A port nobody listens on at this moment. */
function free_port() {
  return new Promise((resolve, reject) => {
    const server = net.createServer().on('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

module.exports = { request, request_json, free_port };
