'use strict';

/*
 * A reporter for node:test: prints the tests that failed, and notes every result for tests/run in
 * the file $TEST_RESULTS.
 */

const fs = require('fs');

/* A test that fails only because of the tests inside it would count twice. */
function counts(type, data) {
  const details = data.details || {};
  if (details.type === 'suite') return false;
  return !(type === 'test:fail' && details.error && details.error.failureType === 'subtestsFailed');
}

function result(type, data) {
  if (data.skip !== undefined && data.skip !== false) return 'skipped';
  return type === 'test:pass' || data.todo !== undefined ? 'passed' : 'failed';
}

function explanation(data) {
  const error = data.details && data.details.error;
  const cause = (error && error.cause) || error;
  return (cause && cause.stack) || String(cause);
}

module.exports = async function* reporter(events) {
  for await (const { type, data } of events) {
    if ((type !== 'test:pass' && type !== 'test:fail') || !counts(type, data)) continue;
    const outcome = result(type, data);
    const reason = typeof data.skip === 'string' ? ` # ${data.skip}` : '';
    if (process.env.TEST_RESULTS) fs.appendFileSync(process.env.TEST_RESULTS, `${outcome} ${data.name}${reason}\n`);
    if (outcome === 'failed') yield `not ok: ${data.name}\n${explanation(data)}\n`;
  }
};
