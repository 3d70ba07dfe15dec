import { describe, expect, it } from 'vitest';
import {
  decodeText,
  encodeText,
  formatNameAddress,
  formatUri,
  formatVia,
  parseCSeq,
  parseNameAddress,
  parseUri,
  parseVia,
  schemeOf,
  tagOf,
} from '../../../src/sip/index.ts';

describe('parseUri', () => {
  it.each([
    ['sip:example.com', { user: null, host: 'example.com', port: null }],
    ['SIPS:alice@example.com:5061', { scheme: 'sips', user: 'alice', port: 5061 }],
    ['sip:al%69ce:s%65cret@h', { user: 'alice', password: 's%65cret' }],
    ['sip:bob@[2001:db8::1]:5070;transport=tcp', { host: '2001:db8::1', port: 5070 }],
    ['sip:[::1]', { host: '::1', port: null }],
    ['sip:[::ffff:192.0.2.1]', { host: '::ffff:192.0.2.1' }],
    ['sip:+33140001001;phone-context=x@h;user=phone', { user: '+33140001001;phone-context=x' }],
    ['sip:*21#@h', { user: '*21#' }],
    ['sip:a%2@h', { user: 'a%2' }],
    ['sip:r\xc3\xa9@h', { user: 'r\xc3\xa9' }],
    ['sip:a@h?Replaces=x%3Bto-tag%3D1', { headers: 'Replaces=x%3Bto-tag%3D1' }],
    ['sip:pbx_1@my_container:5060', { host: 'my_container' }],
    ['sip:a@h;opaque=user@elsewhere', { user: 'a', host: 'h' }],
  ])('%s', (text, expected) => {
    expect(parseUri(text)).toMatchObject(expected);
  });

  it('names of parameters are in lower case, their values as written, the first of two counts', () => {
    expect([...(parseUri('sip:h;LR;Transport=TCP;x=%41;lr=no')?.params ?? [])]).toEqual([
      ['lr', ''],
      ['transport', 'TCP'],
      ['x', '%41'],
    ]);
  });

  it.each([
    '',
    'sip:',
    'sip:@h',
    'sip::p@h',
    'sip:a@',
    'sip:a b@h',
    'sip:a@h ',
    'sip:a@h:',
    'sip:a@h:x',
    'sip:a@h:65536',
    'sip:a@h:123456',
    'sip:[::1',
    'sip:[1.2.3.4]',
    'sip:::1',
    'sip:[::1]x',
    'sip:a@h;;lr',
    'sip:a@b@c',
    'tel:+1',
    'http://h',
    'sip:a@h\r\n',
    'sip:<a@h>',
    '<sip:a@h>',
    'sip',
  ])('%j is none', (text) => {
    expect(parseUri(text)).toBeNull();
  });

  it('formatUri escapes what a user part may not hold', () => {
    const uri = parseUri('sip:h')!;
    expect(formatUri({ ...uri, user: 'a b@c:d%\r\n"<' })).toBe('sip:a%20b%40c%3Ad%25%0D%0A%22%3C@h');
    expect(formatUri({ ...uri, user: encodeText('é') })).toBe('sip:%C3%A9@h');
    expect(formatUri({ ...uri, user: 'ł' })).toBe('sip:%C5%82@h');
    expect(formatUri({ ...uri, host: '::1', port: 5060 })).toBe('sip:[::1]:5060');
  });

  it('schemeOf knows any URI', () => {
    expect(['tel:+1', 'urn:service:sos', 'HTTP://x', 'x', ':x', 'a b:c', '1:x'].map(schemeOf)).toEqual([
      'tel',
      'urn',
      'http',
      null,
      null,
      null,
      null,
    ]);
  });
});

describe('parseNameAddress', () => {
  it.each([
    ['<sip:a@b>', { displayName: null, uri: 'sip:a@b' }],
    ['sip:a@b;tag=1', { displayName: null, uri: 'sip:a@b' }],
    ['"Doe, \\"J\\" \\\\ <x>" <sip:a@b;lr>;tag=1', { displayName: 'Doe, "J" \\ <x>', uri: 'sip:a@b;lr' }],
    ['Bob Smith<sip:a@b>', { displayName: 'Bob Smith' }],
    ['Mr. (Bob) @ Home <sip:a@b>', { displayName: 'Mr. (Bob) @ Home' }],
    ['"" <sip:a@b>', { displayName: null }],
    ['<tel:10001>;reason=no-answer', { uri: 'tel:10001' }],
    ['"x"\r\n <sip:a@b>\r\n ;\r\n tag = 1', { displayName: 'x' }],
  ])('%j', (text, expected) => {
    expect(parseNameAddress(text)).toMatchObject(expected);
  });

  it('parameters come without their quotes', () => {
    const params = parseNameAddress('<sip:a@b>;TAG=Ab;+sip.instance="<urn:uuid:1;x>";flag;e=')?.params;
    expect([...(params ?? [])]).toEqual([
      ['tag', 'Ab'],
      ['+sip.instance', '<urn:uuid:1;x>'],
      ['flag', ''],
      ['e', ''],
    ]);
  });

  it.each([
    '',
    '*',
    'bob',
    '<sip:a@b',
    'sip:a@b>',
    '"x" sip:a@b',
    '"x <sip:a@b>',
    'a, b <sip:a@b>',
    '< sip:a@b >',
    '<>',
    '<sip:>',
    '<sip:a@b>;;',
    '<sip:a@b>;',
    '<sip:a@b>;tag=1,',
    '<sip:a@b> x',
    '<sip:a@b>;t="x',
    'sip:a@b?x=y',
    'sip:a,b@c',
    '"a""b" <sip:a@b>',
  ])('%j is none', (text) => {
    expect(parseNameAddress(text)).toBeNull();
  });

  it('formatNameAddress quotes what needs it', () => {
    const params = new Map([
      ['tag', 'x'],
      ['lr', ''],
      ['text', 'a;b'],
    ]);
    expect(formatNameAddress({ displayName: 'a "b" \\', uri: 'sip:x', params })).toBe(
      '"a \\"b\\" \\\\" <sip:x>;tag=x;lr;text="a;b"',
    );
  });

  it('tagOf is not fooled by a display name', () => {
    expect(tagOf('"x;tag=1" <sip:a@b;tag=2>;tag=3')).toBe('3');
    expect(tagOf('<sip:a@b;tag=2>')).toBeNull();
    expect(tagOf(undefined)).toBeNull();
  });
});

describe('parseVia', () => {
  it.each([
    ['SIP/2.0/UDP 192.0.2.1', { transport: 'UDP', host: '192.0.2.1', port: null }],
    [
      'sip / 2.0 / tls  h.example.com : 5061 ; branch = z9hG4bK1',
      { transport: 'TLS', host: 'h.example.com', port: 5061 },
    ],
    ['SIP/2.0/WS df7jal23ls0d.invalid;rport', { transport: 'WS' }],
    ['SIP/2.0/UDP [2001:db8::9]:5060;received=[::1]', { host: '2001:db8::9', port: 5060 }],
    ['SIP/2.0/UDP [2001:db8::9]', { host: '2001:db8::9', port: null }],
  ])('%s', (text, expected) => {
    expect(parseVia(text)).toMatchObject(expected);
  });

  it.each([
    '',
    'SIP/2.0/UDP',
    'SIP/2.0/ h',
    'SIP/3.0/UDP h',
    'SIP/2.0 h',
    'SIP/2.0/UDP h x',
    'SIP/2.0/UDP h;',
    'SIP/2.0/UDP ;b=1',
    'SIP/2.0/UDP h:',
    'SIP/2.0/UDP a b:5',
    'SIP/2.0/UDP [::1',
    'SIP/2.0/UDP h;branch=z9hG4bK1, SIP/2.0/UDP i',
  ])('%j is none', (text) => {
    expect(parseVia(text)).toBeNull();
  });

  it('formatVia is its reverse', () => {
    const text = 'SIP/2.0/UDP [::1]:5060;rport=5060;received=2001:db8::1;branch=z9hG4bK1';
    expect(formatVia(parseVia(text)!)).toBe(text);
  });
});

describe('parseCSeq', () => {
  it.each([
    ['1 INVITE', { sequence: 1, method: 'INVITE' }],
    ['0009\t ACK ', { sequence: 9, method: 'ACK' }],
    ['2147483647 X', { sequence: 2_147_483_647, method: 'X' }],
    ['2147483648 X', null],
    ['-1 X', null],
    ['1X', null],
    ['1 ', null],
    ['X 1', null],
    ['1 INVITE x', null],
    ['', null],
  ])('%j', (text, expected) => {
    expect(parseCSeq(text)).toEqual(expected);
  });
});

describe('text for people', () => {
  it('is UTF-8 on the wire, and latin1 where it is not', () => {
    expect(encodeText('Zoë Ł')).toBe('Zo\xc3\xab \xc5\x81');
    expect(decodeText('Zo\xc3\xab \xc5\x81')).toBe('Zoë Ł');
    expect(decodeText('Zo\xeb')).toBe('Zoë');
    expect(decodeText('plain')).toBe('plain');
  });
});
