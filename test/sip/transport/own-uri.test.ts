import { networkInterfaces } from 'node:os';
import { describe, expect, it } from 'vitest';
import { parseUri, type BoundAddress, type TransportProtocol } from '../../../src/sip/index.ts';
import { createOwnUris } from '../../../src/sip/transport/own-uri.ts';

function isOwn(text: string, ...bound: readonly BoundAddress[]): boolean {
  const uri = parseUri(text);
  if (uri === null) throw new Error(text);
  return createOwnUris(() => bound)(uri);
}

function bound(address: string, protocol: TransportProtocol = 'udp', port = 5060, host = address): BoundAddress {
  return { protocol, address, port, host };
}

const OWN = Object.values(networkInterfaces())
  .flatMap((each) => each ?? [])
  .filter(({ address }) => !address.startsWith('fe80'));

describe('one of our own addresses', () => {
  it('is, where a socket is bound to all, each of this machine', () => {
    expect(OWN.length).toBeGreaterThan(0);
    for (const { address, family } of OWN) {
      const host = family === 'IPv6' ? `[${address}]` : address;
      const wildcard = bound(family === 'IPv6' ? '::' : '0.0.0.0', 'udp', 5060, '192.0.2.7');
      expect(isOwn(`sip:a@${host}`, wildcard)).toBe(true);
      expect(isOwn(`sip:a@${host}:5061`, wildcard)).toBe(false);
      expect(isOwn(`sip:a@${host};transport=tcp`, wildcard)).toBe(false);
    }
  });

  it.each([
    ['sip:a@127.0.0.1', true],
    ['sip:a@127.8.9.1:5060', true],
    ['sip:a@0.0.0.0', true],
    ['sip:a@192.0.2.7', true],
    ['sip:a@elsewhere.example;maddr=127.0.0.1', true],
    ['sip:a@127.0.0.1;maddr=198.51.100.1', false],
    ['sip:a@198.51.100.1', false],
    ['sip:a@elsewhere.example', false],
    ['sip:a@[::1]', false],
    ['sips:a@127.0.0.1', false],
  ])('bound to 0.0.0.0 and shown as 192.0.2.7: %s %s', (uri, expected) => {
    expect(isOwn(uri, bound('0.0.0.0', 'udp', 5060, '192.0.2.7'))).toBe(expected);
  });

  it.each([
    ['sip:a@127.0.0.1', true],
    ['sip:a@127.0.0.2', false],
    ['sip:a@SIP.example', true],
  ])('bound to one address, others of the machine are others: %s %s', (uri, expected) => {
    expect(isOwn(uri, bound('127.0.0.1', 'udp', 5060, 'sip.example'))).toBe(expected);
  });

  it('has the default port of its transport, and many spellings', () => {
    expect(isOwn('sips:a@127.0.0.1', bound('127.0.0.1', 'tls', 5061))).toBe(true);
    expect(isOwn('sip:a@127.0.0.1;transport=WS', bound('127.0.0.1', 'ws', 80))).toBe(true);
    expect(isOwn('sip:a@[0:0:0:0:0:0:0:1]', bound('::1'))).toBe(true);
    expect(isOwn('sip:a@[0:0:0:0:0:0:0:1]', bound('::'))).toBe(true);
    expect(isOwn('sip:a@[::2]', bound('::1'))).toBe(false);
  });
});
