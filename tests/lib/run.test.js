'use strict';

/* tests/run, on a small tree of tests that go wrong in every way. */

const test = require('node:test');
const assert = require('assert');
const fs = require('fs');
const os = require('os');
const path = require('path');
const { TOP, run } = require('.');

/* Lays the files out (sources under tests/sim need no servers) and runs them: {code, lines}. */
async function run_tests(files, env = {}, builds = []) {
  const tree = fs.mkdtempSync(path.join(os.tmpdir(), 'waybill-run-'));
  const write = (name, text) => {
    fs.mkdirSync(path.dirname(path.join(tree, name)), { recursive: true });
    fs.writeFileSync(path.join(tree, name), text, { mode: 0o755 });
  };
  write('tests/run', fs.readFileSync(path.join(TOP, 'tests', 'run')));
  for (const file of fs.readdirSync(__dirname)) {
    if (!file.endsWith('.test.js')) write(`tests/lib/${file}`, fs.readFileSync(path.join(__dirname, file)));
  }
  write('tools/servers', "#!/bin/sh\n[ $1 != env ] || echo \"WAYBILL_AMQP_URL='amqp://here'\"\n");
  for (const [name, text] of Object.entries(files)) write(name, text);
  const { code, stdout, stderr } = await run(path.join(tree, 'tests', 'run'), builds, { env: { T: '', V: '', ...env } });
  fs.rmSync(tree, { recursive: true });
  return { code, stdout, stderr, last: stdout.trim().split('\n').pop() };
}

const script = (body) => `const test = require('node:test');\n${body}\n`;
const unit = (body) => ({ 'tests/unit/test_a.c': '', 'build/plain/tests/unit/test_a': `#!/bin/sh\n${body}\n` });

test('passes, failures and skips are counted one by one, nested ones too', async () => {
  const { code, stdout, last } = await run_tests({ 'tests/sim/a.test.js': script(`
    test('one', () => {});
    test('two', { skip: 'no moon' }, () => {});
    test('three', async (t) => {
      await t.test('inner', () => {});
      await t.test('inner that fails', () => { throw new Error('the reason'); });
    });`) });
  assert.strictEqual(last, '2 passed, 1 failed, 1 skipped');
  assert.strictEqual(code, 1);
  assert.match(stdout, /inner that fails\n.*the reason/);
  assert.match(stdout, /^tests\/sim\/a.test.js: 2 passed, 1 failed, 1 skipped: no moon \(/m);
});

test('all passed is exit code 0', async () => {
  const { code, last } = await run_tests({ 'tests/sim/a.test.js': script("test('one', () => {});") });
  assert.deepStrictEqual({ code, last }, { code: 0, last: '1 passed, 0 failed' });
});

test('a file that cannot be loaded, tests nothing or fails outside of its tests is a failure', async () => {
  const { code, last } = await run_tests({
    'tests/sim/a.test.js': 'syntax error',
    'tests/sim/b.test.js': '',
    'tests/sim/c.test.js': script("test('one', () => {}); process.on('exit', () => { process.exitCode = 3; });"),
  });
  assert.deepStrictEqual({ code, last }, { code: 1, last: '1 passed, 3 failed' });
});

test('a file that hangs is ended at its deadline, and so are its children', async () => {
  const { stdout, last } = await run_tests({ 'tests/sim/a.test.js': script(`
    test('one', () => {});
    test('hangs', () => new Promise(() => {
      const child = require('child_process').spawn('sleep', ['1000'], { stdio: 'inherit' });
      console.log('child ' + child.pid);
    }));`) }, { DEADLINE_S: '1' });
  assert.strictEqual(last, '1 passed, 1 failed');
  assert.match(stdout, /did not end within 1 s/);
  const pid = /child (\d+)/.exec(stdout)[1];
  assert.ok(!fs.existsSync(`/proc/${pid}`) || / Z /.test(fs.readFileSync(`/proc/${pid}/stat`, 'utf8')));
});

test('a unit program is counted by its lines, and a crash after them is a failure', async () => {
  const lines = "printf 'ok 1 - a\\n# skipped: no sun\\nnot ok 2 # SKIP b\\n'";
  const build = ['build/plain'];
  const last = async (body) => (await run_tests(unit(body), {}, build)).last;
  assert.strictEqual(await last(lines), '1 passed, 0 failed, 1 skipped');
  assert.strictEqual(await last(`${lines}\nkill -SEGV $$`), '1 passed, 1 failed, 1 skipped');
  assert.strictEqual(await last('exit 0'), '0 passed, 1 failed');
});

test('a program whose source is gone is not run, one that was not built is a failure', async () => {
  const last = async (files) => (await run_tests(files, {}, ['build/plain'])).last;
  const stale = { 'build/plain/tests/unit/test_old': '#!/bin/sh\nexit 1\n' };
  assert.strictEqual(await last({ ...stale, ...unit("echo 'ok 1 - a'") }), '1 passed, 0 failed');
  assert.strictEqual(await last({ 'tests/unit/test_a.c': '' }), '0 passed, 1 failed');
});

test('T picks files by a part of their path', async () => {
  const files = {
    'tests/sim/a.test.js': script("test('a', () => {});"),
    'tests/sim/b.test.js': script("test('b', () => { throw 1; });"),
  };
  assert.strictEqual((await run_tests(files, { T: 'sim/a' })).last, '1 passed, 0 failed');
});

test('unit programs find the servers in their environment', async () => {
  const program = unit('[ "$WAYBILL_TEST_AMQP_URL" = amqp://here ] && echo "ok 1 - found"');
  assert.strictEqual((await run_tests(program, {}, ['build/plain'])).last, '1 passed, 0 failed');
});

test('servers that a file has to itself are stopped, even if the file is killed', async () => {
  const { stderr } = await run_tests({
    'tools/servers': '#!/bin/sh\necho "$*" >&2\n',
    'tests/sim/a.test.js': script("require('fs').mkdirSync('build/servers/test-a', { recursive: true }); process.kill(process.pid, 'SIGKILL');"),
    'build/servers/demo/port': '',
  });
  assert.strictEqual(stderr, 'stop test-a\n');
});
