import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { SrfRequest } from '../drachtio/support.ts';
import type { Received } from '../support/sip-peer.ts';
import { finalAnswers, peerTo, ping, startHostileEngine, streamPeerTo, userAgent } from './support.ts';
import { RFC_4475, RFC_5118, type Expected } from './torture-table.ts';

const DATA = new URL('../data/', import.meta.url);

function read(rfc: string, name: string): Buffer {
  return readFileSync(new URL(`${rfc}/${name}.dat`, DATA));
}

const files = (rfc: string): string[] =>
  ['valid', 'invalid'].flatMap((kind) =>
    readdirSync(new URL(`${rfc}/${kind}/`, DATA)).map((file) => `${kind}/${file.replace('.dat', '')}`),
  );

/** What the answer owes the request (RFC 3261 8.2.6.2), where that has it once. */
function expectToAnswer(answer: Received, bytes: Buffer): void {
  const text = bytes.toString().replace(/\r\n[ \t]+/g, ' ');
  const [head = ''] = text.split('\r\n\r\n');
  for (const name of ['Call-ID', 'CSeq', 'From']) {
    const sent = [...head.matchAll(new RegExp(`^${name}[ \\t]*:[ \\t]*(.*?)\\s*$`, 'gim'))].map(([, value]) => value);
    if (sent.length === 1) expect(answer.text.toLowerCase()).toContain(`${name}: ${sent[0]}`.toLowerCase());
  }
  if (/^t(o)?[ \t]*:/im.test(head)) expect(answer.header('To')).toMatch(/;\s*tag\s*=/);
  const sent = head.match(/sip\s*\/\s*[27]\.0\s*\/\s*\w+\s+\S/gi);
  expect(answer.text.match(/sip\s*\/\s*[27]\.0\s*\/\s*\w+\s+\S/gi)).toEqual(sent);
}

function expectHeard(heard: readonly SrfRequest[], expected: Expected): void {
  if (expected.by !== 'application') return expect(heard).toEqual([]);
  expect(heard.length).toBeGreaterThan(0);
  for (const [what, [actual, wanted]] of Object.entries(expected.heard?.(heard[0]!) ?? {})) {
    expect(actual, what).toEqual(wanted);
  }
}

async function overUdp(rfc: string, name: string, expected: Expected, host: string): Promise<void> {
  const started = await startHostileEngine({ listen: [{ protocol: 'udp', address: host, port: 0 }] });
  const { heard } = await userAgent(started.engine);
  const peer = await peerTo(started.udpPort, host);
  const bytes = read(rfc, name);
  peer.sendRaw(bytes);
  if (expected.status !== null) await peer.expect(new RegExp(`^SIP/2\\.0 ${expected.status} `));
  await ping(peer);
  const answers = finalAnswers(peer);
  expect(answers.map(({ start }) => Number(start.slice(8, 11)))).toEqual(
    expected.status === null ? [] : [expected.status],
  );
  for (const answer of answers) expectToAnswer(answer, bytes);
  expectHeard(heard, expected);
  expect(peer.received.filter(({ start }) => !start.startsWith('SIP/2.0 '))).toEqual([]);
}

async function overTcp(rfc: string, name: string, datagram: Expected): Promise<void> {
  const { stream = {} } = datagram;
  const expected: Expected = { ...datagram, ...stream };
  const started = await startHostileEngine();
  const { heard } = await userAgent(started.engine);
  const peer = await streamPeerTo(started.tcpPort);
  const other = await streamPeerTo(started.tcpPort);
  peer.sendRaw(read(rfc, name));
  if (stream.completion !== undefined) {
    // Whole or not is the sender's to say: until then there is no answer, and nobody else waits for it.
    await ping(other);
    expect(finalAnswers(peer)).toEqual([]);
    peer.sendRaw(stream.completion());
  }
  const { status } = expected;
  if (status !== null) await peer.expect(new RegExp(`^SIP/2\\.0 ${status} `));
  // A peer whose connection was closed opens another.
  await expect.poll(() => peer.connections()).toBe(stream.closes === true ? 0 : 1);
  await ping(stream.closes === true ? other : peer);
  const answers = finalAnswers(peer);
  expect(answers.map(({ start }) => Number(start.slice(8, 11)))).toEqual(status === null ? [] : [status]);
  for (const answer of answers) expectToAnswer(answer, read(rfc, name));
  expectHeard(heard, expected);
}

describe.each([
  ['rfc4475', RFC_4475, '127.0.0.1'],
  ['rfc5118', RFC_5118, '::1'],
] as const)('%s through a running engine', (rfc, table, host) => {
  it('no message is left out', () => {
    expect(Object.keys(table).toSorted()).toEqual(files(rfc).toSorted());
  });

  const rows = Object.entries(table);
  it.each(rows.map(([name, expected]) => ({ name, expected, ...expected })))(
    '$section $name in a datagram: $status by the $by, $why',
    ({ name, expected }) => overUdp(rfc, name, expected, host),
  );

  it.each(rows.map(([name, expected]) => ({ name, expected, ...expected, ...expected.stream })))(
    '$section $name on a connection: $status by the $by, $why',
    ({ name, expected }) => overTcp(rfc, name, expected),
  );
});
