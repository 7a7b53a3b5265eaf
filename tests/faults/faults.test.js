'use strict';

/*
 * A short piece of `make faults`: each life of each program has calls of one kind that fail, and answers to COMMIT get lost.
 * Nothing is lost, nothing is done twice, and a retry cures what is a dead letter.
 */

const test = require('node:test');
const assert = require('assert');
const { CALLS, Scene } = require('./scene');

test('calls that fail inside the programs change nothing in the books', async () => {
  const scene = await Scene.open('faults', { calls: [...Object.keys(CALLS), 'commit'], orders: 12, seed: Number(process.env.SEED || 1) });
  try {
    const found = await scene.play({ fault_ms: 12000, calm_ms: 40000 });
    assert.deepStrictEqual(found.wrong, [], JSON.stringify(found));
  } finally {
    await scene.close();
  }
});
