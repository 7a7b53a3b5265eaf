'use strict';

const assert = require('node:assert');
const net = require('node:net');
const test = require('node:test');

const { simulate } = require('./lib/harness');

/* Sends the lines one after the other; resolves to the answers' first lines. */
function converse(url, lines) {
  return new Promise((resolve) => {
    const answers = [];
    const socket = net.connect(Number(new URL(url).port), '127.0.0.1');
    let text = '';
    socket.on('data', (chunk) => {
      text += chunk.toString('utf8');
      let end;
      while ((end = text.indexOf('\r\n')) >= 0) {
        const line = text.slice(0, end);
        text = text.slice(end + 2);
        if (line[3] === '-') continue;
        answers.push(line);
        if (lines.length > 0) socket.write(`${lines.shift()}\r\n`);
        else socket.end();
      }
    });
    socket.on('error', () => {});
    socket.on('close', () => resolve(answers));
  });
}

const letter = (body) => ['EHLO me', 'MAIL FROM:<shop@example.com> SIZE=100 BODY=8BITMIME SMTPUTF8',
  'RCPT TO:<ada@example.com>', 'DATA', `${body.join('\r\n')}\r\n.`, 'QUIT'];

const PLAIN = ['From: Shop <shop@example.com>', 'Subject: =?UTF-8?Q?Gr=C3=BC=C3=9Fe?= from us',
  'Message-ID: <order-1@example.com>', 'Content-Type: text/plain; charset=utf-8', '', 'Hello',
  '..dots', 'end'];

const codes = (answers) => answers.map((answer) => answer.slice(0, 3));

test('a mail is kept with its dots unstuffed and its headers decoded', async (t) => {
  const world = await simulate(t);
  assert.deepStrictEqual(codes(await converse(world.urls.smtp.url, letter(PLAIN))),
    ['220', '250', '250', '250', '354', '250', '221']);
  const { messages } = await world.control('GET', `${world.urls.smtp.control}/_sim/messages`);
  assert.strictEqual(messages.length, 1);
  assert.deepStrictEqual([messages[0].to, messages[0].subject, messages[0].message_id],
    [['ada@example.com'], 'Grüße from us', '<order-1@example.com>']);
  assert.strictEqual(messages[0].text, 'Hello\r\n.dots\r\nend\r\n');
});

test('the parts of a mail are decoded, text and HTML', async (t) => {
  const world = await simulate(t);
  await converse(world.urls.smtp.url, letter(['Message-ID: <2@x>',
    'Content-Type: multipart/alternative;', ' boundary="b1"', '', '--b1',
    'Content-Type: text/plain; charset=utf-8', 'Content-Transfer-Encoding: quoted-printable', '',
    'gr=C3=BCn and a very long =', 'line', '--b1', 'Content-Type: text/html; charset=utf-8',
    'Content-Transfer-Encoding: base64', '', Buffer.from('<p>grün</p>').toString('base64'),
    '--b1--']));
  const { messages: [mail] } = await world.control('GET',
    `${world.urls.smtp.control}/_sim/messages?message_id=${encodeURIComponent('<2@x>')}`);
  assert.deepStrictEqual([mail.text, mail.html], ['grün and a very long line', '<p>grün</p>']);
});

test('many commands in one write are taken one after the other', async (t) => {
  const world = await simulate(t);
  const all = ['EHLO me', 'MAIL FROM:<a@x>', 'RCPT TO:<b@x>', 'RCPT TO:<c@x>', 'DATA'].join('\r\n');
  const answers = await converse(world.urls.smtp.url, [all, 'Subject: hi\r\n\r\nbody\r\n.']);
  assert.deepStrictEqual(codes(answers).slice(0, 6), ['220', '250', '250', '250', '250', '354']);
  const { mails } = await world.books('mail');
  assert.deepStrictEqual(mails.map((mail) => mail.to), [['b@x', 'c@x']]);
});

test('an empty mail is a mail', async (t) => {
  const world = await simulate(t);
  const answers = await converse(world.urls.smtp.url, ['EHLO me', 'MAIL FROM:<a@x>', 'RCPT TO:<b@x>',
    'DATA', '.', 'QUIT']);
  assert.strictEqual(codes(answers)[5], '250');
});

test('a step can be refused, for now or for good', async (t) => {
  const world = await simulate(t);
  await world.fault('mail', [
    { match: { operation: 'rcpt', contains: 'ada@', times: 1 }, do: { reply: '550 5.1.1 no such user' } },
    { match: { operation: 'message', times: 1 }, do: { reply: '451 4.3.0 try later' } }]);
  const first = await converse(world.urls.smtp.url, letter(PLAIN).slice(0, 3).concat('QUIT'));
  assert.deepStrictEqual(codes(first), ['220', '250', '250', '550', '221']);
  const second = await converse(world.urls.smtp.url, letter(PLAIN));
  assert.strictEqual(codes(second)[5], '451');
  assert.deepStrictEqual((await world.books('mail')).mails, []);
});

test('a connection that drops after the mail was taken leaves it kept', async (t) => {
  const world = await simulate(t);
  await world.fault('mail', { match: { operation: 'message', times: 1 },
    do: { close: true, after_effect: true } });
  const answers = await converse(world.urls.smtp.url, letter(PLAIN));
  assert.deepStrictEqual(codes(answers), ['220', '250', '250', '250', '354']);
  await converse(world.urls.smtp.url, letter(PLAIN));
  assert.deepStrictEqual((await world.books('mail')).by_message_id, { '<order-1@example.com>': 2 });
});
