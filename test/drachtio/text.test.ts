import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { wireName } from '../../src/drachtio/text/header-names.ts';
import { isBehindNat, isPrivate } from '../../src/drachtio/next-hop.ts';
import {
  replaceLocalhost,
  replaceLocalhostInContact,
  splitAddress,
  tagIn,
} from '../../src/drachtio/text/placeholder.ts';
import { parsePayload, timeOfDay } from '../../src/drachtio/protocol/token-line.ts';
import type { Flow } from '../../src/sip/index.ts';

describe('the placeholder localhost', () => {
  it.each([
    ['sip:1@localhost', 'sip:1@h:5'],
    ['<sip:1@localhost>', '<sip:1@h:5>'],
    ['"x" <sips:1@localhost;lr>;tag=2', '"x" <sips:1@h:5;lr>;tag=2'],
    ['<sip:localhost>', '<sip:h:5>'],
    ['<sip:a@localhost>,<sip:b@localhost>', '<sip:a@h:5>,<sip:b@h:5>'],
    ['"sip:1@localhost" <sip:1@x>', '"sip:1@localhost" <sip:1@x>'],
    ['"a \\" sip:1@localhost" <sip:1@localhost>', '"a \\" sip:1@localhost" <sip:1@h:5>'],
    ['<sip:1@localhost:5090>', '<sip:1@localhost:5090>'],
    ['<sip:1@localhost.example>', '<sip:1@localhost.example>'],
    ['<sip:1@my-localhost>', '<sip:1@my-localhost>'],
    ['<sip:localhost@example>', '<sip:localhost@example>'],
    ['sip:a@localhost,sip:b@localhost', 'sip:a@h:5,sip:b@h:5'],
    ['<sip:localhost;x@localhost>', '<sip:localhost;x@h:5>'],
    ['"never closed <sip:1@localhost>', '"never closed <sip:1@localhost>'],
  ])('in %s becomes %s', (given, expected) => {
    expect(replaceLocalhost(given, 'h:5')).toBe(expected);
  });

  it.each([
    ['escaped quotes', '"' + '\\"'.repeat(1_000_000)],
    ['escaped quotes and a last backslash', '"' + '\\"'.repeat(1_000_000) + '\\'],
    ['schemes', 'sip:'.repeat(500_000)],
    ['user parts', 'sip:a@'.repeat(300_000)],
    ['brackets', '<'.repeat(2_000_000)],
    ['spaces', ' '.repeat(2_000_000)],
  ])('costs no more than one reading: 2 MB of %s, which would take minutes if each began it anew', (_name, text) => {
    expect(replaceLocalhost(`localhost ${text}`, 'h')).toBe(`localhost ${text}`);
    expect(replaceLocalhost(`${text}localhost:1`, 'h')).toBe(`${text}localhost:1`);
    expect(replaceLocalhostInContact(`${text}localhost:1`, 'h', 'h;transport=tcp')).toBe(`${text}localhost:1`);
  });

  it.each([
    ['sip:1@localhost', '<sip:1@h:5;transport=tcp>'],
    ['<sip:1@localhost>', '<sip:1@h:5;transport=tcp>'],
    ['sip:localhost', '<sip:h:5;transport=tcp>'],
    ['"x" <sips:1@localhost;lr>;expires=2', '"x" <sips:1@h:5;transport=tcp;lr>;expires=2'],
    ['sip:1@localhost;expires=2', '<sip:1@h:5;transport=tcp>;expires=2'],
    ['<sip:1@localhost;transport=udp>', '<sip:1@h:5;transport=udp>'],
    ['";transport=udp" <sip:1@localhost>', '";transport=udp" <sip:1@h:5;transport=tcp>'],
    ['sip:1@localhost:5090;x', 'sip:1@localhost:5090;x'],
    ['sip:localhost@example', 'sip:localhost@example'],
    ['sip:1@192.0.2.1', 'sip:1@192.0.2.1'],
    ['*', '*'],
  ])('in the Contact %s becomes %s', (given, expected) => {
    expect(replaceLocalhostInContact(given, 'h:5', 'h:5;transport=tcp')).toBe(expected);
  });

  it('is the only thing that changes', () => {
    fc.assert(fc.property(fc.string(), (text) => text.includes('localhost') || replaceLocalhost(text, 'h') === text));
  });
});

describe('addresses of the application', () => {
  it.each([
    ['sip:123@h', '<sip:123@h>', ''],
    ['sip:123@h;tag=x', '<sip:123@h>', ';tag=x'],
    ['<sip:123@h;lr>;tag=x', '<sip:123@h;lr>', ';tag=x'],
    ['"a > b <c>" <sip:d@h> ;tag=y', '"a > b <c>" <sip:d@h>', ';tag=y'],
    ['Plain Name <sip:d@h>', 'Plain Name <sip:d@h>', ''],
  ])('%s is split behind its uri', (given, address, params) => {
    expect(splitAddress(given)).toEqual({ address, params });
  });

  it.each([
    ['<sip:a@h;tag=inner>;tag=outer', 'outer'],
    ['<sip:a@h;tag=inner>', ''],
    ['sip:a@h;tag=x', 'x'],
    ['"tag=no" <sip:a@h> ; TAG = yes ;x', 'yes'],
  ])('the tag of %s is %s', (given, tag) => {
    expect(tagIn(given)).toBe(tag);
  });
});

describe('header names', () => {
  it.each([
    ['call-id', 'Call-ID'],
    ['cseq', 'CSeq'],
    ['www-authenticate', 'WWW-Authenticate'],
    ['p-asserted-identity', 'P-Asserted-Identity'],
    ['history-info', 'History-Info'],
    ['X-mixed-Case', 'X-mixed-Case'],
    ['x-low', 'x-low'],
    ['constructor', 'Constructor'],
    ['CONTENT-TYPE', 'Content-Type'],
  ])('%s goes out as %s', (given, wire) => {
    expect(wireName(given)).toBe(wire);
  });
});

describe('token lines', () => {
  it('time of day is UTC, with six decimals', () => {
    expect(timeOfDay(Date.UTC(2026, 0, 2, 3, 4, 5, 67))).toBe('03:04:05.067000');
    expect(timeOfDay(Date.UTC(2026, 0, 2, 23, 59, 59, 999))).toBe('23:59:59.999000');
    expect(timeOfDay(Date.UTC(2026, 0, 3, 0, 0, 0, 0))).toBe('00:00:00.000000');
  });

  it('a payload is split at its first CR', () => {
    expect(parsePayload(Buffer.from('a|b||c'))).toEqual({ tokens: ['a', 'b', '', 'c'], text: null });
    const { tokens, text } = parsePayload(Buffer.from('a|sip|\r\nX|Y\r\n'));
    expect([tokens, text?.toString()]).toEqual([['a', 'sip', ''], 'X|Y\r\n']);
  });
});

describe('NAT', () => {
  const flow = (remoteAddress: string, remotePort: number): Flow => ({
    protocol: 'udp',
    localAddress: '127.0.0.1',
    localPort: 5060,
    remoteAddress,
    remotePort,
    connectionId: null,
  });

  it.each([
    ['uas', 'sip:a@192.0.2.1:5070', flow('192.0.2.1', 5070), false],
    ['uas', 'sip:a@192.0.2.1', flow('192.0.2.1', 5060), false],
    ['uas', 'sip:a@192.0.2.1', flow('192.0.2.1', 5070), true],
    ['uas', 'sip:a@10.0.0.1:5070', flow('192.0.2.1', 5070), true],
    ['uas', 'sip:a@pc.example', flow('192.0.2.1', 5060), true],
    ['uac', 'sip:a@192.0.2.1:9', flow('192.0.2.1', 5070), false],
    ['uac', 'sip:a@10.0.0.1', flow('192.0.2.1', 5070), true],
    ['uas', 'sip:a@[2001:db8::1]:5070', flow('2001:db8::1', 5070), false],
  ] as const)('as %s, the Contact %s from %o: %s', (role, contact, from, expected) => {
    expect(isBehindNat(role, contact, from)).toBe(expected);
  });

  it.each([
    ['10.1.2.3', true],
    ['172.16.0.1', true],
    ['172.32.0.1', false],
    ['192.168.1.1', true],
    ['193.168.1.1', false],
    ['100.1.2.3', false],
  ])('%s is private: %s', (address, expected) => {
    expect(isPrivate(address)).toBe(expected);
  });
});
