'use strict';

/*
 * What stands before the programs: tools/install-packages up to the point where apt is called (tests/bare/run tries the rest in a
 * root file system of its own), and the tables of texts that the build makes.
 */

const test = require('node:test');
const assert = require('assert');
const fs = require('fs');
const os = require('os');
const path = require('path');
const { spawn } = require('child_process');
const { TOP, run, until, within } = require('../lib');

const scratch = fs.mkdtempSync(path.join(os.tmpdir(), 'waybill-packages-'));
const tool = path.join(scratch, 'install-packages');

test.before(() => {
  fs.chmodSync(scratch, 0o755);
  fs.copyFileSync(path.join(TOP, 'tools', 'install-packages'), tool);
  fs.writeFileSync(path.join(scratch, 'apt-quietly'), 'echo "apt would install: $*"; exit 7\n');
});

test.after(() => fs.rmSync(scratch, { recursive: true }));

/* Runs the tool against a list, as a user without any rights; sudo is what stands in a folder of this test's own. */
function install(list, needs, sudo) {
  fs.writeFileSync(path.join(scratch, 'packages'), list);
  const bin = path.join(scratch, 'bin');
  fs.rmSync(bin, { recursive: true, force: true });
  fs.mkdirSync(bin);
  for (const name of ['awk', 'cut', 'dirname', 'dpkg-query', 'id', 'node', 'sed', 'sh']) {
    const found = ['/usr/local/bin', '/usr/bin', '/bin'].map((dir) => path.join(dir, name)).find(fs.existsSync);
    if (found) fs.symlinkSync(found, path.join(bin, name));
  }
  if (sudo) fs.writeFileSync(path.join(bin, 'sudo'), sudo, { mode: 0o755 });
  const user = process.getuid() === 0 ? ['--reuid=nobody', '--regid=nogroup', '--clear-groups'] : [];
  return run('setpriv', [...user, 'env', '-i', `PATH=${bin}`, 'sh', tool, ...needs]);
}

test('nothing is said or done when all is there', async () => {
  const { code, stdout, stderr } = await install('# comment\n\ndpkg build\nbash run\n', ['build', 'run']);
  assert.deepStrictEqual({ code, stdout, stderr }, { code: 0, stdout: '', stderr: '' });
});

test('only what is asked for is looked at', async () => {
  const { code } = await install('dpkg build\nwaybill-no-such check\n', ['build', 'run']);
  assert.strictEqual(code, 0);
});

test('a command from elsewhere stands for its package', async () => {
  const { code, stderr } = await install('waybill-no-such-node test node\n', ['test']);
  assert.strictEqual(code, 0, stderr);
});

test('without sudo, the one line for an administrator is printed and the exit code tells', async () => {
  const { code, stdout, stderr } = await install('waybill-no-such build\n', ['build']);
  assert.strictEqual(code, 1);
  assert.match(stdout, /^ {2}waybill-no-such /m);
  assert.match(stderr, new RegExp(`^ {2}YES=1 ${tool} build$`, 'm'));
});

test('sudo that wants a password is not waited for', async () => {
  const { code, stderr } = await install('waybill-no-such build\n', ['build'], '#!/bin/sh\nexit 1\n');
  assert.strictEqual(code, 1);
  assert.match(stderr, /YES=1/);
});

test('with sudo, apt is called for what is missing, and its failure is ours', async () => {
  const sudo = '#!/bin/sh\n[ "$1" != -n ] || exit 0\nexec "$@"\n';
  const { code, stdout } = await install('bash run\nwaybill-a run\nwaybill-b run\n', ['run'], sudo);
  assert.match(stdout, /^apt would install: waybill-a waybill-b$/m);
  assert.strictEqual(code, 7);
});

test('Ctrl-C waits until what was begun has ended, and tells that it was said', async () => {
  const begun = path.join(scratch, 'begun');
  const ended = path.join(scratch, 'ended');
  const apt = path.join(scratch, 'apt-quietly');
  fs.writeFileSync(path.join(scratch, 'packages'), 'waybill-no-such build\n');
  fs.writeFileSync(path.join(scratch, 'sudo'), '#!/bin/sh\n[ "$1" = -n ] || exec "$@"\n', { mode: 0o755 });
  fs.writeFileSync(apt, `trap '' INT\n: >'${begun}'\nwhile [ ! -e '${ended}' ]; do :; done\n`);
  const child = spawn('sh', [tool, 'build'], { detached: true, stdio: 'ignore',
    env: { ...process.env, YES: '1', PATH: `${scratch}:${process.env.PATH}` } });
  let code;
  const over = new Promise((resolve) => { child.on('exit', (...how) => resolve(how.find((one) => one !== null))); });
  over.then((how) => { code = how; });
  await until('apt to begin', () => fs.existsSync(begun));
  process.kill(-child.pid, 'SIGINT'); /* as the terminal does: to all of the group */
  await run('true', []);
  assert.strictEqual(code, undefined);
  fs.writeFileSync(ended, '');
  assert.strictEqual(await within('the end', over), 130);
});

test('tables of texts are generated in the C locale, whatever the user\'s is', async () => {
  const bin = path.join(scratch, 'bin');
  fs.rmSync(bin, { recursive: true, force: true });
  fs.mkdirSync(bin);
  fs.writeFileSync(path.join(bin, 'awk'), '#!/bin/sh\necho "$LC_ALL" >&2\n', { mode: 0o755 });
  const { stderr } = await run('make', ['-s', `B=${scratch}/built`, ...['sql.h', 'sql.c', 'graphql.h', 'graphql.c', 'migration.c', 'template.c']
    .map((name) => `${scratch}/built/gen/${name}`)],
  { env: { LC_ALL: 'tr_TR.UTF-8', PATH: `${bin}:${process.env.PATH}` } });
  assert.deepStrictEqual(stderr.trim().split('\n').filter((line) => !/setlocale/.test(line)), Array(6).fill('C'));
});

test('check-host tells apart what listens and what does not', async () => {
  const look = async () => (await run(path.join(TOP, 'tools', 'check-host'), [])).stdout;
  const server = require('net').createServer();
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const line = `listens tcp 0100007F:${server.address().port.toString(16).toUpperCase().padStart(4, '0')} node`;
  assert.ok((await look()).includes(line));
  await new Promise((resolve) => server.close(resolve));
  assert.ok(!(await look()).includes(line));
});
