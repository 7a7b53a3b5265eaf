'use strict';

/*
 * Secrets as core/runtime/secret.c keeps them: XChaCha20-Poly1305, written a second time, so that
 * the format cannot change unnoticed.
 */

const crypto = require('crypto');

const rotate = (x, n) => ((x << n) | (x >>> (32 - n))) >>> 0;

function quarter(x, a, b, c, d) {
  for (const [n, m] of [[16, 12], [8, 7]]) {
    x[a] = (x[a] + x[b]) >>> 0; x[d] = rotate(x[d] ^ x[a], n);
    x[c] = (x[c] + x[d]) >>> 0; x[b] = rotate(x[b] ^ x[c], m);
  }
}

/* RFC draft-irtf-cfrg-xchacha, 2.2: a key for the first 16 bytes of the nonce. */
function hchacha20(key, nonce) {
  const x = new Uint32Array(16);
  Buffer.concat([Buffer.from('expand 32-byte k'), key, nonce]).forEach((byte, i) => {
    x[i >> 2] |= byte << (8 * (i & 3));
  });
  for (let round = 0; round < 10; round += 1) {
    for (let i = 0; i < 4; i += 1) quarter(x, i, 4 + i, 8 + i, 12 + i);
    for (let i = 0; i < 4; i += 1) quarter(x, i, 4 + ((i + 1) & 3), 8 + ((i + 2) & 3), 12 + ((i + 3) & 3));
  }
  const out = Buffer.alloc(32);
  [0, 1, 2, 3, 12, 13, 14, 15].forEach((from, i) => out.writeUInt32LE(x[from], 4 * i));
  return out;
}

/* The sealed bytes of a text that belongs to owner, for instance "credential:17". */
function seal(key, owner, text) {
  const nonce = crypto.randomBytes(24);
  const cipher = crypto.createCipheriv('chacha20-poly1305', hchacha20(key, nonce.subarray(0, 16)),
    Buffer.concat([Buffer.alloc(4), nonce.subarray(16)]), { authTagLength: 16 });
  cipher.setAAD(Buffer.from(owner), { plaintextLength: Buffer.byteLength(text) });
  const sealed = Buffer.concat([cipher.update(text), cipher.final()]);
  return Buffer.concat([Buffer.from([1]), nonce, sealed, cipher.getAuthTag()]);
}

module.exports = { seal };
