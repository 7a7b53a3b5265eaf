'use strict';

/* Reads a mail apart: headers, and the text of its parts, decoded. */

const PARTS_MAX = 50;

function decode_word(whole, charset, encoding, text) {
  const bytes = encoding.toUpperCase() === 'B' ? Buffer.from(text, 'base64')
    : quoted_printable(text.replace(/_/g, ' '));
  return new TextDecoder(charset).decode(bytes);
}

/* RFC 2047: =?UTF-8?B?...?=, also split over several words. */
function decode_header(value) {
  return value.replace(/\?=\s+=\?/g, '?==?')
    .replace(/=\?([^?]+)\?([BbQq])\?([^?]*)\?=/g, decode_word);
}

function quoted_printable(text) {
  const plain = text.replace(/=\r?\n/g, '');
  return Buffer.from(plain.replace(/=([0-9A-Fa-f]{2})/g,
    (whole, hex) => String.fromCharCode(parseInt(hex, 16))), 'latin1');
}

/* `text` is latin1, so that a byte is a character. */
function split_head(text) {
  const end = text.search(/\r?\n\r?\n/);
  const head = end < 0 ? text : text.slice(0, end);
  const body = end < 0 ? '' : text.slice(end).replace(/^\r?\n\r?\n/, '');
  const headers = {};
  for (const line of head.replace(/\r?\n[ \t]+/g, ' ').split(/\r?\n/)) {
    const colon = line.indexOf(':');
    if (colon < 1) continue;
    const name = line.slice(0, colon).toLowerCase();
    const value = Buffer.from(line.slice(colon + 1).trim(), 'latin1').toString('utf8');
    headers[name] = decode_header(value);
  }
  return { headers, body };
}

function decode_body(headers, body) {
  const encoding = (headers['content-transfer-encoding'] || '7bit').toLowerCase();
  const [, charset] = /charset="?([\w-]+)/i.exec(headers['content-type'] || '') || [null, 'utf-8'];
  const bytes = encoding === 'base64' ? Buffer.from(body, 'base64')
    : encoding === 'quoted-printable' ? quoted_printable(body) : Buffer.from(body, 'latin1');
  return new TextDecoder(charset).decode(bytes);
}

function collect(text, parts) {
  if (parts.length >= PARTS_MAX) throw new Error('too many parts');
  const { headers, body } = split_head(text);
  const type = (headers['content-type'] || 'text/plain').toLowerCase();
  const [, boundary] = /boundary="?([^";]+)/i.exec(headers['content-type'] || '') || [];
  if (type.startsWith('multipart/') && boundary) {
    const pieces = body.split(`--${boundary}`).slice(1);
    for (const piece of pieces) {
      if (piece.startsWith('--')) break;
      collect(piece.replace(/^\r?\n/, '').replace(/\r?\n$/, ''), parts);
    }
  } else if (type.startsWith('text/')) {
    parts.push({ type: type.split(';')[0], text: decode_body(headers, body) });
  }
  return headers;
}

/* { headers, parts: [{ type, text }], text, html } of the raw bytes of a mail. */
function read_message(raw) {
  const parts = [];
  const headers = collect(raw.toString('latin1'), parts);
  const first = (type) => (parts.find((part) => part.type === type) || { text: null }).text;
  return { headers, parts, text: first('text/plain'), html: first('text/html') };
}

module.exports = { read_message };
