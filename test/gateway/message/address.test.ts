import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  hostPort,
  numberOf,
  parseAddress,
  parseParameters,
  parseUri,
  splitList,
} from '../../../src/gateway/message/address.ts';

describe('parseUri', () => {
  it.each([
    ['sip:1001@pbx', { scheme: 'sip', user: '1001', host: 'pbx', port: null, parameters: '' }],
    ['SIPS:a:pw@Pbx.example:5061;transport=tls', { scheme: 'sips', user: 'a', host: 'pbx.example', port: 5061 }],
    ['sip:[2001:db8::1]:5070', { user: null, host: '2001:db8::1', port: 5070 }],
    ['sip:+331;ext=2@h;user=phone?Reason=x', { user: '+331;ext=2', host: 'h', parameters: ';user=phone' }],
    ['tel:+33-1-40;phone-context=x', { scheme: 'tel', user: '+33-1-40', parameters: ';phone-context=x' }],
  ])('%s', (text, expected) => {
    expect(parseUri(text)).toMatchObject(expected);
  });

  it.each(['', 'sip:', 'http://x', 'sip:a@b@c', 'sip:a b@c', 'sip:a@<x>', 'urn:service:sos', 'sip:a@[::1'])(
    'is null for %j',
    (text) => {
      expect(parseUri(text)).toBeNull();
    },
  );

  it('writes an IPv6 host in brackets again', () => {
    const uri = parseUri('sip:[::1]:5060');
    expect(uri === null ? null : hostPort(uri)).toBe('[::1]:5060');
  });
});

describe('numberOf', () => {
  it.each([
    ['sip:1001@x', '1001'],
    ['sip:%2B3314000@x', '+3314000'],
    ['sip:+33-1-(40).00@x', '+3314000'],
    ['sip:10-01@x', '10-01'],
    ['sip:+331;ext=7@x', '+331'],
    ['sip:alice%zz@x', 'alice%zz'],
    ['sip:a%0d%0ab@x', 'a b'],
    ['sip:x', null],
  ])('%s is %s', (uri, number) => {
    expect(numberOf(parseUri(uri))).toBe(number);
  });
});

describe('parseAddress', () => {
  it.each([
    ['"Alice \\"A\\" Martin" <sip:alice@x>;tag=1', 'Alice "A" Martin', 'sip:alice@x'],
    ['Alice <sip:alice@x>', 'Alice', 'sip:alice@x'],
    ['"<sip:evil@x>" <sip:alice@x>', '<sip:evil@x>', 'sip:alice@x'],
    ['sip:alice@x;tag=1', null, 'sip:alice@x'],
    ['<tel:+331;phone-context=x>', null, 'tel:+331;phone-context=x'],
    ['"\u0007\r\n" <sip:a@x>', null, 'sip:a@x'],
  ])('%j', (text, displayName, uri) => {
    expect(parseAddress(text)).toMatchObject({ displayName, uri });
  });

  it.each(['', '<', '"unclosed <sip:a@x>', 'nothing', '<>'])('is null for %j', (text) => {
    expect(parseAddress(text)).toBeNull();
  });

  it('caps a display name', () => {
    expect(parseAddress(`"${'x'.repeat(10_000)}" <sip:a@x>`)?.displayName).toHaveLength(128);
  });

  it('reads parameters behind the brackets', () => {
    expect(parseAddress('<sip:a@x;q=9>;Q=0.5;text="a;b"')?.parameters).toEqual(
      new Map([
        ['q', '0.5'],
        ['text', 'a;b'],
      ]),
    );
  });
});

describe('splitList', () => {
  it('cuts at commas outside quotes and angle brackets', () => {
    expect(splitList('"a, b" <sip:a,b@x>, <sip:c@x>;x="1,2" ,, tel:+1')).toEqual([
      '"a, b" <sip:a,b@x>',
      '<sip:c@x>;x="1,2"',
      'tel:+1',
    ]);
  });

  it('reads a bounded number of entries', () => {
    expect(splitList('a,'.repeat(10_000))).toHaveLength(32);
  });
});

describe('a parameter that stands twice', () => {
  it('is what it was first, as the engine has it', () => {
    expect([...parseParameters(';expires=0;q=1;EXPIRES=60')]).toEqual([
      ['expires', '0'],
      ['q', '1'],
    ]);
  });
});

describe('hostile text', () => {
  it('never throws, and costs little', () => {
    const hostile = fc.oneof(
      fc.string({ maxLength: 200 }),
      fc
        .array(fc.constantFrom('<', '>', '"', '\\', ';', ',', '=', 'sip:', '@', '%', '[', 'a', ' '), { maxLength: 200 })
        .map((parts) => parts.join('')),
    );
    fc.assert(
      fc.property(hostile, (text) => {
        parseUri(text);
        parseAddress(text);
        splitList(text).forEach(parseAddress);
        parseParameters(text);
      }),
    );
    const started = performance.now();
    for (const part of ['"\\', ';a="', '<sip:', 'sip:a@', ';;=', ' ,"']) {
      const long = part.repeat(10_000);
      parseUri(long);
      parseAddress(long);
      splitList(long);
      parseParameters(long);
    }
    expect(performance.now() - started).toBeLessThan(2_000);
  });
});
