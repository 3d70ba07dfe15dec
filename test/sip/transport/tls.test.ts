import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { connect } from 'node:net';
import {
  connect as connectTls,
  createServer as createTlsServer,
  type ConnectionOptions,
  type TLSSocket,
} from 'node:tls';
import { describe, expect, it, vi } from 'vitest';
import type { Destination, ListenAddress, TlsSettings, TransportLayerOptions } from '../../../src/sip/index.ts';
import { identityError, serverOptions } from '../../../src/sip/transport/tls.ts';
import { makeAuthority, type Credentials } from '../../support/certificates.ts';
import { bytesOf, requestText } from '../message/support.ts';
import { HandClock, Inbox, cleanups, peer, readAll, send, to, type Peer } from './layers.ts';

const authority = makeAuthority();
const stranger = makeAuthority('somebody else');
const own = authority.issue(['DNS:pbx.example.com', 'IP:127.0.0.1']);

const LISTEN: ListenAddress[] = [
  { protocol: 'tls', address: '127.0.0.1', port: 0 },
  { protocol: 'tcp', address: '127.0.0.1', port: 0 },
];

function tlsPeer(
  credentials: Credentials = own,
  settings: Partial<TlsSettings> = {},
  options: TransportLayerOptions = {},
) {
  return peer(LISTEN, { tls: { serverCa: authority.certificate, ...credentials, ...settings }, ...options });
}

/** Where a layer listens for TLS, called by this name. */
function named(of: Peer, serverName: string): Destination {
  return { ...to(of, 'tls'), serverName };
}

async function tlsClient(of: Peer, options: ConnectionOptions = {}): Promise<TLSSocket> {
  const socket = connectTls({ host: '127.0.0.1', port: to(of, 'tls').port, ca: authority.certificate, ...options });
  cleanups.push(() => socket.destroy());
  await once(socket, 'secureConnect');
  socket.on('error', () => undefined);
  return socket;
}

const shownTo = (socket: TLSSocket): string => socket.getPeerCertificate().fingerprint256;
const fingerprint = ({ certificate }: Credentials): string => new X509Certificate(certificate).fingerprint256;

/** The certificate that a layer shows to who is called by it, and asks. */
async function shownToCalled(caller: Peer): Promise<string> {
  const server = createTlsServer({ cert: own.certificate, key: own.key, requestCert: true, rejectUnauthorized: false });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  cleanups.push(() => server.close());
  const connected = once(server, 'secureConnection') as Promise<[TLSSocket]>;
  const { port } = server.address() as { port: number };
  await send(caller, { protocol: 'tls', address: '127.0.0.1', port });
  const [socket] = await connected;
  cleanups.push(() => socket.destroy());
  return shownTo(socket);
}

describe('TLS', () => {
  it('carries a message there, and an answer back over the same flow', async () => {
    const [alice, bob] = [await tlsPeer(), await tlsPeer()];
    const out = await send(alice, named(bob, 'pbx.example.com'));
    const { message, flow } = await bob.messages.next();
    expect(message).toMatchObject({ kind: 'request', method: 'INVITE' });
    expect(flow).toMatchObject({ protocol: 'tls', remoteAddress: '127.0.0.1', remotePort: out.localPort });
    expect(bob.layer.localFor(flow)).toMatchObject({ protocol: 'tls', port: to(bob, 'tls').port });
    await send(bob, flow, bytesOf(requestText({ start: 'SIP/2.0 200 OK' })));
    expect((await alice.messages.next()).flow).toEqual(out);
  });

  it('one connection serves one name: another name at the same address is verified by itself', async () => {
    const [alice, bob] = [await tlsPeer(), await tlsPeer()];
    const first = await send(alice, named(bob, 'pbx.example.com'));
    expect((await send(alice, named(bob, 'PBX.example.com'))).connectionId).toBe(first.connectionId);
    expect((await send(alice, to(bob, 'tls'))).connectionId).not.toBe(first.connectionId);
    await expect(send(alice, named(bob, 'other.example.com'))).rejects.toMatchObject({ code: 'failed' });
    const tcp: Destination = { protocol: 'tcp', address: '127.0.0.1', port: to(bob, 'tls').port };
    expect((await send(alice, tcp)).connectionId).not.toBe(first.connectionId);
  });

  it.each([
    ['of another host', () => own, 'elsewhere.example.com', /altnames/],
    ['that has expired', () => authority.issue(['DNS:pbx.example.com'], -1), 'pbx.example.com', /expired/],
    ['of an unknown authority', () => stranger.issue(['DNS:pbx.example.com']), 'pbx.example.com', /certificate/],
    ['without the address that was called', () => authority.issue(['DNS:pbx.example.com']), undefined, /altnames/],
  ])('a certificate %s is refused, with one line for the operator', async (_, credentials, name, why) => {
    const lines: string[] = [];
    const [alice, bob] = [await tlsPeer(own, {}, { log: (line) => lines.push(line) }), await tlsPeer(credentials())];
    const destination = name === undefined ? to(bob, 'tls') : named(bob, name);
    await expect(send(alice, destination)).rejects.toMatchObject({
      code: 'failed',
      message: expect.stringMatching(why),
    });
    expect(lines).toEqual([expect.stringMatching(/^no TLS with 127\.0\.0\.1:\d+ \(.*\): /)]);
    expect(bob.messages.size).toBe(0);
  });

  it('a SIP URI in the certificate is a name of its host (RFC 5922 7.1)', () => {
    const sipUri = { subjectaltname: 'URI:sip:Example.com, URI:sip:alice@users.example.com' } as never;
    expect(identityError('example.com', sipUri)).toBeUndefined();
    expect(identityError('users.example.com', sipUri)).toBeInstanceOf(Error);
  });

  it('clientCa: who shows no certificate of that authority is not let in, who does is', async () => {
    const lines: string[] = [];
    const bob = await tlsPeer(own, { clientCa: authority.certificate }, { log: (line) => lines.push(line) });
    const other = stranger.issue(['DNS:a.example']);
    for (const shown of [{}, { cert: other.certificate, key: other.key }]) {
      const socket = await tlsClient(bob, shown);
      socket.write(requestText());
      expect(await readAll(socket).catch(() => '')).toBe('');
    }
    expect(lines).toHaveLength(2);
    const alice = await tlsPeer();
    await send(alice, named(bob, 'pbx.example.com'));
    await bob.messages.next();
    expect(bob.messages.size).toBe(0);
  });

  it('hosts: who asks for another name is shown the certificate of that name', async () => {
    const other = authority.issue(['DNS:voice.example.net']);
    const bob = await tlsPeer(own, { hosts: { 'voice.example.net': other } });
    for (const servername of ['voice.example.net', 'pbx.example.com']) {
      const socket = await tlsClient(bob, { servername });
      expect(socket.getPeerCertificate().subjectaltname).toContain(`DNS:${servername}`);
    }
  });

  it('nothing older than TLS 1.2 is spoken, inbound or outbound', async () => {
    const bob = await tlsPeer();
    const old = { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' } as const;
    // OpenSSL's own security level may forbid them too.
    expect(serverOptions(own).minVersion).toBe('TLSv1.2');
    await expect(tlsClient(bob, old)).rejects.toThrow(/protocol version|handshake failure|alert/i);
    expect((await tlsClient(bob, { maxVersion: 'TLSv1.2' })).getProtocol()).toBe('TLSv1.2');
    const server = createTlsServer({ ...old, cert: own.certificate, key: own.key }).listen(0, '127.0.0.1');
    cleanups.push(() => server.close());
    await once(server, 'listening');
    const { port } = server.address() as { port: number };
    await expect(send(bob, { protocol: 'tls', address: '127.0.0.1', port })).rejects.toMatchObject({ code: 'failed' });
  });

  it.each(['tls', 'udp'] as const)(
    'a certificate and a key that are no pair are told before anything is bound: %s',
    async (protocol) => {
      const free = await peer([{ protocol, address: '127.0.0.1', port: 0 }], { tls: own });
      const listen = [{ protocol, address: '127.0.0.1', port: to(free, protocol).port }];
      await free.layer.close();
      await expect(peer(listen, { tls: { ...own, key: stranger.key } })).rejects.toThrow(/key values mismatch/);
      await peer(listen, { tls: own });
    },
  );

  it('handshakes that fail are told ten times a minute, with their source, and take no place', async () => {
    const lines = new Inbox<string>();
    const bob = await tlsPeer(own, {}, { log: (line) => lines.push(line), limits: { maxConnectionsPerSource: 1 } });
    for (let time = 0; time < 13; time++) {
      const socket = connect(to(bob, 'tls').port, '127.0.0.1');
      socket.on('error', () => undefined);
      socket.write('GET / HTTP/1.0\r\n\r\n');
      await readAll(socket).catch(() => undefined);
    }
    expect(lines.size).toBe(10);
    expect(await lines.next()).toMatch(/^no TLS with 127\.0\.0\.1: /);
    await tlsClient(bob);
  });

  it('a handshake that is never done ends in time', async () => {
    const clock = new HandClock();
    const bob = await tlsPeer(own, {}, { clock, limits: { handshakeTimeoutMs: 1_000 } });
    const socket = connect(to(bob, 'tls').port, '127.0.0.1');
    await once(socket, 'connect');
    while (clock.running === 0) await new Promise(setImmediate);
    clock.pass(1_000);
    expect(await readAll(socket)).toBe('');
    expect(clock.running).toBe(0);
  });

  it('handshakes of one port with two of our addresses are two', async () => {
    const bob = await peer([{ protocol: 'tls', address: '0.0.0.0', port: 0 }], { tls: own });
    const { port } = to(bob, 'tls');
    const first = connect({ host: '127.0.0.1', port, localAddress: '127.0.0.1' });
    await once(first, 'connect');
    const { localPort } = first;
    const second = connect({ host: '127.0.0.2', port, localAddress: '127.0.0.1', ...(localPort && { localPort }) });
    await once(second, 'connect');
    for (const socket of [first, second]) {
      const secure = connectTls({ socket, ca: authority.certificate, servername: 'pbx.example.com' });
      cleanups.push(() => secure.destroy());
      secure.on('error', () => undefined);
      secure.write(requestText());
    }
    const flows = [(await bob.messages.next()).flow, (await bob.messages.next()).flow];
    expect(flows.map((flow) => flow.localAddress).toSorted()).toEqual(['127.0.0.1', '127.0.0.2']);
  });

  it('the name that is called is asked for (SNI), and no variable of the environment turns verification off', async () => {
    const other = authority.issue(['DNS:voice.example.net']);
    const [alice, bob] = [await tlsPeer(), await tlsPeer(own, { hosts: { 'voice.example.net': other } })];
    await send(alice, named(bob, 'voice.example.net'));
    vi.stubEnv('NODE_TLS_REJECT_UNAUTHORIZED', '0');
    cleanups.push(() => vi.unstubAllEnvs());
    await expect(send(alice, named(bob, 'elsewhere.example.com'))).rejects.toMatchObject({ code: 'failed' });
  });

  it('renewed certificates are shown to who connects from then on, by any name, and to who is called; open connections stay', async () => {
    const [before, after] = [authority.issue(['DNS:voice.example.net']), authority.issue(['DNS:voice.example.net'])];
    const bob = await tlsPeer(own, { hosts: { 'voice.example.net': before } });
    const open = await tlsClient(bob, { servername: 'pbx.example.com' });
    const renewed = authority.issue(['DNS:pbx.example.com']);
    bob.layer.setTls({ ...renewed, serverCa: authority.certificate, hosts: { 'voice.example.net': after } });
    expect(shownTo(await tlsClient(bob, { servername: 'pbx.example.com' }))).toBe(fingerprint(renewed));
    expect(shownTo(await tlsClient(bob, { servername: 'voice.example.net' }))).toBe(fingerprint(after));
    open.write(requestText());
    expect((await bob.messages.next()).flow.remotePort).toBe(open.localPort);
    expect(await shownToCalled(bob)).toBe(fingerprint(renewed));
  });

  it('renewed certificates of which one cannot be used change nothing', async () => {
    const bob = await tlsPeer();
    const renewed = authority.issue(['DNS:pbx.example.com']);
    const hosts = { 'voice.example.net': { ...renewed, key: own.key } };
    for (const wrong of [
      { ...renewed, key: own.key },
      { ...renewed, certificate: 'nonsense' },
      { ...renewed, hosts },
    ]) {
      expect(() => bob.layer.setTls({ serverCa: authority.certificate, ...wrong })).toThrow(/:/);
      expect(shownTo(await tlsClient(bob, { servername: 'pbx.example.com' }))).toBe(fingerprint(own));
      expect(await shownToCalled(bob)).toBe(fingerprint(own));
    }
  });

  it('an inbound connection is not used for a request to where it came from: anybody may sit there (RFC 5923)', async () => {
    const [alice, bob] = [await tlsPeer(), await tlsPeer()];
    const out = await send(alice, named(bob, 'pbx.example.com'));
    await bob.messages.next();
    const back: Destination = { protocol: 'tls', address: '127.0.0.1', port: out.localPort };
    await expect(send(bob, back)).rejects.toMatchObject({ code: 'refused' });
  });

  it('its end is told to both', async () => {
    const [alice, bob] = [await tlsPeer(), await tlsPeer()];
    const out = await send(alice, named(bob, 'pbx.example.com'));
    const { flow } = await bob.messages.next();
    await bob.layer.close();
    expect(await alice.closed.next()).toEqual(out);
    expect(await bob.closed.next()).toEqual(flow);
  });
});
