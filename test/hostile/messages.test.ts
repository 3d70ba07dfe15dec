import { connect } from 'node:net';
import { describe, expect, it } from 'vitest';
import { newCall, requestText } from '../drachtio/support.ts';
import { toWire, type SipPeer } from '../support/sip-peer.ts';
import { expectCall, finalAnswers, peerTo, startHostileEngine, streamPeerTo, userAgent } from './support.ts';

/** Messages that each are one attack. `status`: the answer. */
interface Attack {
  readonly title: string;
  readonly status: number;
  /** One that is whole but for what this does to it. */
  readonly change: (wire: string) => string;
}

const adding = (headers: string) => (wire: string) => wire.replace('Max-Forwards', `${headers}Max-Forwards`);
const repeated = (count: number, line: (index: number) => string): string =>
  Array.from({ length: count }, (_, index) => line(index)).join('');
const replaced = (name: string, value: string) => (wire: string) =>
  wire.replace(new RegExp(`^${name}: .*\r$`, 'm'), () => `${name}: ${value}\r`);

const ATTACKS: readonly Attack[] = [
  { title: '256 header fields', status: 200, change: (wire) => adding(repeated(256 - fields(wire), (n) => `X-${n}: 1\r\n`))(wire) },
  { title: '257 header fields', status: 400, change: (wire) => adding(repeated(257 - fields(wire), (n) => `X-${n}: 1\r\n`))(wire) },
  { title: 'a list of 10,000 elements', status: 200, change: adding(`Allow: ${'INVITE,'.repeat(7_000)}ACK\r\n`) },
  { title: 'a list of 20,000 commas', status: 200, change: adding(`Supported: ${','.repeat(20_000)}\r\n`) },
  { title: 'a Route of 1,000 hops', status: 200, change: adding(`Route: ${'<sip:127.0.0.1;lr>,'.repeat(1_000)}<sip:127.0.0.1>\r\n`) },
  { title: '200 Vias', status: 200, change: (wire) => wire.replace('Max-Forwards', `${repeated(200, (n) => `Via: SIP/2.0/UDP h${n};branch=z9hG4bK${n}\r\n`)}Max-Forwards`) },
  { title: '10,000 nested brackets in a name', status: 400, change: replaced('From', `${'<'.repeat(10_000)}sip:a@b${'>'.repeat(10_000)};tag=1`) },
  { title: '10,000 nested comments', status: 200, change: adding(`User-Agent: ${'('.repeat(10_000)}${')'.repeat(10_000)}\r\n`) },
  { title: '10,000 escaped quotes in a name', status: 200, change: replaced('From', `"${'\\"'.repeat(10_000)}" <sip:a@b>;tag=1`) },
  { title: 'a quote that never ends', status: 400, change: replaced('From', `"${'\\"'.repeat(10_000)} <sip:a@b>;tag=1`) },
  { title: '5,000 parameters', status: 200, change: replaced('From', `<sip:a@b>;tag=1${repeated(5_000, (n) => `;p${n}`)}`) },
  { title: 'a URI of 30,000 characters', status: 200, change: (wire) => wire.replace('sip:1001@', `sip:${'1'.repeat(30_000)}@`) },
  { title: 'NUL in a value', status: 200, change: adding('Subject: a\0b\r\n') },
  { title: 'NUL in a quoted name', status: 200, change: replaced('From', '"a\0b" <sip:a@b>;tag=1') },
  { title: 'NUL in a Call-ID', status: 400, change: replaced('Call-ID', 'a\0b') },
  { title: 'NUL in a Request-URI', status: 400, change: (wire) => wire.replace('sip:1001', 'sip:10\u000001') },
  { title: 'NUL in a header name', status: 400, change: (wire) => wire.replace('Content-Length', 'Sub\0ject: a\r\nContent-Length') },
  { title: 'compact forms for all', status: 200, change: (wire) => wire.replace('Via:', 'v:').replace('From:', 'f:').replace('To:', 't:').replace('Call-ID:', 'i:').replace('Contact:', 'm:').replace('Content-Length:', 'l:') },
  { title: 'From beside its compact form', status: 400, change: adding('f: <sip:b@b>;tag=2\r\n') },
  { title: 'Call-ID beside its compact form', status: 400, change: adding('i: other\r\n') },
  { title: 'Content-Length beside its compact form', status: 400, change: adding('l: 5\r\n') },
  { title: 'Content-Length of 10^15', status: 513, change: replaced('Content-Length', '1000000000000000') },
  { title: 'Content-Length with a sign', status: 400, change: replaced('Content-Length', '+0') },
  { title: 'Content-Length in hexadecimal', status: 400, change: replaced('Content-Length', '0x0') },
  { title: 'two Content-Lengths that agree', status: 400, change: adding('Content-Length: 0\r\n') },
  { title: 'a tel: Request-URI', status: 200, change: (wire) => wire.replace(/ sip:\S+ SIP/, ' tel:+33140001001;phone-context=x SIP') },
  { title: 'tel: in From and To', status: 200, change: (wire) => replaced('To', '<tel:+33140001001>')(replaced('From', '<tel:+33199001234>;tag=1')(wire)) },
  { title: 'tel: with a quote in it', status: 400, change: (wire) => wire.replace(/ sip:\S+ SIP/, ' tel:+33"1 SIP') },
  { title: 'a folded header of 2,000 lines', status: 200, change: adding(`Subject: a${'\r\n b'.repeat(2_000)}\r\n`) },
  { title: 'a Max-Forwards of 300 digits', status: 400, change: replaced('Max-Forwards', '9'.repeat(300)) },
  { title: 'a CSeq of 300 digits', status: 400, change: replaced('CSeq', `${'9'.repeat(300)} OPTIONS`) },
  { title: 'a port of 300 digits in a Via', status: 400, change: (wire) => wire.replace(/^(Via: \S+ 127\.0\.0\.1:)\d+/m, `$1${'9'.repeat(300)}`) },
  { title: 'an unknown method of 10,000 characters', status: 501, change: (wire) => wire.replaceAll('OPTIONS', 'O'.repeat(10_000)) },
]; // prettier-ignore

function fields(wire: string): number {
  return (wire.split('\r\n\r\n')[0] ?? '').split('\r\n').length - 1;
}

function attackOf({ change }: Attack, peer: SipPeer): Buffer {
  return Buffer.from(change(toWire(requestText(newCall(peer), { method: 'OPTIONS' })).toString('latin1')), 'latin1');
}

describe.each(['udp', 'tcp'] as const)('one message over %s', (protocol) => {
  it.each(ATTACKS)('$title: $status, and the next caller calls', async (attack) => {
    const started = await startHostileEngine();
    await userAgent(started.engine);
    const caller = await peerTo(started.udpPort);
    const peer = await (protocol === 'udp' ? peerTo(started.udpPort) : streamPeerTo(started.tcpPort));
    const wire = attackOf(attack, peer);
    if (protocol === 'udp') expect(wire.length).toBeLessThan(65_507);
    peer.sendRaw(wire);
    await peer.expect(new RegExp(`^SIP/2\\.0 ${attack.status} `));
    await expectCall(caller);
    expect(finalAnswers(peer)).toHaveLength(1);
  });
});

it('a body that is longer than it says is cut in a datagram; on a connection the rest is no message, and closes it', async () => {
  const started = await startHostileEngine();
  const { heard } = await userAgent(started.engine);
  const peer = await peerTo(started.udpPort);
  const text = requestText(newCall(peer), {
    method: 'INFO',
    body: 'hello',
    headers: 'Content-Type: text/plain\nContent-Length: 2',
  });
  peer.send(text);
  await peer.expect(/^SIP\/2\.0 200 /);
  expect(heard.map(({ body }) => body)).toEqual(['he']);
  const socket = connect(started.tcpPort, '127.0.0.1');
  socket.on('error', () => undefined);
  socket.resume();
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
  socket.write(`${toWire(text).toString()}\r\n\r\n`);
  await closed;
  await expectCall(peer);
});

describe('a Contact that is no address', () => {
  const contacts = [
    ';ttl=1<sip:alice@127.0.0.1>',
    '"Alice <sip:alice@127.0.0.1>',
    '<sip:alice@127.0.0.1',
    'alice',
    '*',
  ];
  it.each(['INVITE', 'SUBSCRIBE', 'REGISTER'].flatMap((method) => contacts.map((contact) => ({ method, contact }))))(
    'in $method gets 400, and the application hears nothing: $contact',
    async ({ method, contact }) => {
      const { engine, udpPort } = await startHostileEngine();
      const { heard } = await userAgent(engine);
      const peer = await peerTo(udpPort);
      peer.send(requestText(newCall(peer), { method, contact }));
      await peer.expect(/^SIP\/2\.0 400 Bad Contact/);
      expect(heard).toEqual([]);
    },
  );

  it('but * in a REGISTER with Expires 0 is one', async () => {
    const { engine, udpPort } = await startHostileEngine();
    await userAgent(engine);
    const peer = await peerTo(udpPort);
    peer.send(requestText(newCall(peer), { method: 'REGISTER', contact: '*', headers: 'Expires: 0' }));
    await peer.expect(/^SIP\/2\.0 200 /);
  });
});
