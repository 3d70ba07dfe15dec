import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { type AddressInfo, type Socket, createServer } from 'node:net';
import type { SMTPServerOptions } from 'smtp-server';
import { describe, expect, it, onTestFinished } from 'vitest';
import {
  type MailTransport,
  type MailTransportOptions,
  openMailTransport,
  renderMail,
} from '../../src/notification/index.ts';
import { FROM, content, notification, refusal, startMailServer } from './support.ts';

const certificate = readFileSync(new URL('tls/certificate.pem', import.meta.url), 'utf8');
const key = readFileSync(new URL('tls/key.pem', import.meta.url), 'utf8');

async function open(uri: string, options: MailTransportOptions = {}): Promise<MailTransport> {
  const transport = await openMailTransport(uri, options);
  onTestFinished(() => transport.close());
  return transport;
}

const mail = (changes = {}) => renderMail(notification({}, changes), { from: FROM });

/** A listener that does what a mail server should not. Its connections are destroyed in the end. */
async function startBadServer(onConnection: (socket: Socket) => void): Promise<string> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    onConnection(socket);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  return `smtp://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

describe('SMTP', () => {
  it('hands the mail over: envelope, headers, text and page', async () => {
    const envelopes: unknown[] = [];
    const server = await startMailServer({
      onRcptTo(address, session, callback) {
        const { mailFrom } = session.envelope;
        envelopes.push([mailFrom === false ? null : mailFrom.address, address.address]);
        callback();
      },
    });
    const sent = mail({ caller: { ...content().caller, displayName: 'Zoé' } });
    expect(await (await open(server.uri)).send(sent)).toEqual({ kind: 'sent' });
    expect(envelopes).toEqual([['missed-calls@example.com', 'alice@example.com']]);
    const [received] = server.received;
    expect(received).toMatchObject({ subject: 'Missed call from Zoé', messageId: sent.messageId, date: sent.date });
    expect(received?.from?.text).toBe('"Missed calls" <missed-calls@example.com>');
    expect(received?.headers.get('auto-submitted')).toBe('auto-generated');
    expect(received?.text?.trim()).toBe(sent.text.trim());
    expect(received?.html).toContain('<h1');
  });

  it('keeps its connection for the next mail', async () => {
    let connections = 0;
    const server = await startMailServer({
      onConnect(_session, callback) {
        connections += 1;
        callback();
      },
    });
    const transport = await open(server.uri);
    for (let i = 0; i < 5; i += 1) expect(await transport.send(mail())).toEqual({ kind: 'sent' });
    expect(connections).toBe(1);
  });

  it('opens no more connections than it is told to', async () => {
    let [open_, most] = [0, 0];
    const server = await startMailServer({
      onConnect(_session, callback) {
        open_ += 1;
        most = Math.max(most, open_);
        callback();
      },
      onClose: () => void (open_ -= 1),
    });
    const transport = await open(server.uri, { connections: 3 });
    const results = await Promise.all(Array.from({ length: 30 }, () => transport.send(mail())));
    expect(results.filter(({ kind }) => kind === 'sent')).toHaveLength(30);
    expect(most).toBe(3);
  });
});

describe('a refusal', () => {
  it.each([
    [550, 'dead'],
    [450, 'retry'],
    [421, 'retry'],
  ] as const)('of the recipient with %i is %s', async (code, kind) => {
    const server = await startMailServer({ onRcptTo: (_a, _s, callback) => callback(refusal(code, 'no such user')) });
    const result = await (await open(server.uri)).send(mail());
    expect(result).toEqual({ kind, error: expect.stringContaining(`${code} no such user`) });
  });

  it.each([
    [554, 'dead'],
    [451, 'retry'],
  ] as const)('of the message with %i is %s', async (code, kind) => {
    const server = await startMailServer({ afterData: () => refusal(code, 'looks like spam') });
    const result = await (await open(server.uri)).send(mail());
    expect(result).toEqual({ kind, error: expect.stringContaining(`DATA: `) });
  });

  it('of the sender with 550 is retried: an admin can put it right', async () => {
    const server = await startMailServer({ onMailFrom: (_a, _s, callback) => callback(refusal(550, 'who are you')) });
    const result = await (await open(server.uri)).send(mail());
    expect(result).toEqual({ kind: 'retry', error: expect.stringMatching(/^MAIL FROM: .*550 who are you/) });
  });

  it('at the greeting with 554 is retried', async () => {
    const server = await startMailServer({ onConnect: (_s, callback) => callback(refusal(554, 'go away')) });
    expect(await (await open(server.uri)).send(mail())).toMatchObject({ kind: 'retry' });
  });

  it('of one mail leaves the connection to the next', async () => {
    const server = await startMailServer({
      onRcptTo: (address, _s, callback) =>
        callback(address.address === 'gone@example.com' ? refusal(550, 'no such user') : null),
    });
    const transport = await open(server.uri, { connections: 1 });
    const gone = mail({ recipient: { ...content().recipient, address: 'gone@example.com' } });
    const results = await Promise.all([transport.send(gone), transport.send(mail()), transport.send(gone)]);
    expect(results.map(({ kind }) => kind)).toEqual(['dead', 'sent', 'dead']);
  });

  it('without asking anybody meets what is no address', async () => {
    const server = await startMailServer();
    const transport = await open(server.uri);
    for (const address of ['', 'alice', 'a@b, c@d', 'a@b\r\nDATA', '<a@b>', 'a b@c']) {
      const result = await transport.send(mail({ recipient: { ...content().recipient, address } }));
      expect(result).toEqual({ kind: 'dead', error: expect.stringContaining('is not an e-mail address') });
    }
    expect(server.received).toEqual([]);
  });
});

describe('a broken mail server', () => {
  it('that is not there makes the mail wait', async () => {
    const server = await startMailServer();
    await server.close();
    const result = await (await open(server.uri)).send(mail());
    expect(result).toEqual({ kind: 'retry', error: expect.stringContaining('ECONNREFUSED') });
  });

  it('that never greets costs the greeting time-out', async () => {
    const uri = await startBadServer(() => {});
    const result = await (await open(uri, { timeouts: { greetingMs: 100 } })).send(mail());
    expect(result).toEqual({ kind: 'retry', error: expect.stringContaining('Greeting never received') });
  });

  it('that falls silent costs the socket time-out', async () => {
    const uri = await startBadServer((socket) => socket.write('220 hello\r\n'));
    const result = await (await open(uri, { timeouts: { socketMs: 200 } })).send(mail());
    expect(result).toEqual({ kind: 'retry', error: expect.stringMatching(/timeout/i) });
  });

  it('that drips its answer for ever costs the time-out of the whole send', async () => {
    const uri = await startBadServer((socket) => {
      socket.write('220 hello\r\n');
      socket.on('data', (data) => {
        if (String(data).startsWith('EHLO')) return socket.write('250 hello\r\n');
        const drip = setInterval(() => socket.write('250-more\r\n'), 20);
        return socket.on('close', () => clearInterval(drip));
      });
    });
    const result = await (await open(uri, { timeouts: { sendMs: 600, socketMs: 300 } })).send(mail());
    expect(result).toEqual({ kind: 'retry', error: expect.stringContaining('no result within 600 ms') });
  });

  it('that hangs up after DATA, before its answer, is not asked twice in one attempt', async () => {
    const server = await startMailServer({ afterData: () => 'drop' });
    expect(await (await open(server.uri)).send(mail())).toMatchObject({ kind: 'retry' });
    expect(server.received).toHaveLength(1);
  });

  it('that hangs up before it greets is not asked over and over in one attempt', async () => {
    let connections = 0;
    const uri = await startBadServer((socket) => {
      connections += 1;
      socket.end();
    });
    expect(await (await open(uri)).send(mail())).toMatchObject({ kind: 'retry' });
    expect(connections).toBeLessThanOrEqual(2);
  });

  it('that speaks nonsense makes the mail wait', async () => {
    const uri = await startBadServer((socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'));
    expect(await (await open(uri)).send(mail())).toMatchObject({ kind: 'retry' });
  });

  it('has its answer shown without controls and cut short', async () => {
    const server = await startMailServer({
      onRcptTo: (_a, _s, callback) => callback(refusal(550, `\u001b[31m${'x'.repeat(3_000)}`)),
    });
    const result = await (await open(server.uri)).send(mail());
    expect(result.kind === 'dead' && result.error.length).toBeLessThan(400);
    expect(JSON.stringify(result)).not.toContain('\\u001b');
  });

  it('that comes back gets the next mail', async () => {
    const first = await startMailServer();
    const transport = await open(first.uri);
    expect(await transport.send(mail())).toEqual({ kind: 'sent' });
    await first.close();
    expect(await transport.send(mail())).toMatchObject({ kind: 'retry' });
    const second = await startMailServer({ port: first.port });
    expect(await transport.send(mail())).toEqual({ kind: 'sent' });
    expect(second.received).toHaveLength(1);
  });
});

describe('encryption', () => {
  it('by smtps is used with a certificate one was told to trust', async () => {
    const server = await startMailServer({ secure: true, key, cert: certificate });
    expect(await (await open(server.uri, { ca: certificate })).send(mail())).toEqual({ kind: 'sent' });
  });

  it('by smtps is refused with a certificate nobody vouches for', async () => {
    const server = await startMailServer({ secure: true, key, cert: certificate });
    expect(await (await open(server.uri)).send(mail())).toEqual({
      kind: 'retry',
      error: expect.stringMatching(/self-signed certificate/),
    });
    expect(server.received).toEqual([]);
  });

  it('is taken where the server offers it, whoever signed the certificate, since without it the mail goes in the clear', async () => {
    const secure: boolean[] = [];
    const server = await startMailServer({
      key,
      cert: certificate,
      onMailFrom(_address, session, callback) {
        secure.push(session.secure);
        callback();
      },
    });
    expect(await (await open(server.uri)).send(mail())).toEqual({ kind: 'sent' });
    expect(await (await open(`${server.uri}?tls=off`)).send(mail())).toEqual({ kind: 'sent' });
    expect(secure).toEqual([true, false]);
  });

  it('that is required and not offered stops the mail', async () => {
    const server = await startMailServer();
    expect(await (await open(`${server.uri}?tls=required`)).send(mail())).toMatchObject({ kind: 'retry' });
    expect(server.received).toEqual([]);
  });

  it('that is required checks the certificate', async () => {
    const server = await startMailServer({ key, cert: certificate });
    expect(await (await open(`${server.uri}?tls=required`)).send(mail())).toMatchObject({ kind: 'retry' });
    expect(await (await open(`${server.uri}?tls=required`, { ca: certificate })).send(mail())).toEqual({
      kind: 'sent',
    });
  });
});

describe('authentication', () => {
  const options: SMTPServerOptions = {
    key,
    cert: certificate,
    authOptional: false,
    onAuth({ username, password }, _session, callback) {
      if (username === 'mcg' && password === 'right') callback(null, { user: 'mcg' });
      else callback(refusal(535, 'wrong password'));
    },
  };

  it('is done with the name and password given', async () => {
    const server = await startMailServer(options);
    const transport = await open(server.uri.replace('//', '//mcg:right@'));
    expect(await transport.send(mail())).toEqual({ kind: 'sent' });
  });

  it('that fails is retried: an admin can put it right', async () => {
    const server = await startMailServer(options);
    const transport = await open(server.uri, { username: 'mcg', password: 'wrong' });
    expect(await transport.send(mail())).toEqual({ kind: 'retry', error: expect.stringMatching(/^AUTH \w+: .*535/) });
  });

  it('that is missing is retried, though the server says 530 to the mail', async () => {
    const server = await startMailServer(options);
    expect(await (await open(server.uri)).send(mail())).toEqual({
      kind: 'retry',
      error: expect.stringContaining('530'),
    });
  });
});
