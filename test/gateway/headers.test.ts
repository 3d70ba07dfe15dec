import { describe, expect, it } from 'vitest';
import {
  header,
  maxForwards,
  passHeaders,
  privacyOf,
  sessionUuid,
  tagOf,
  unsupportedOptions,
  withoutTag,
} from '../../src/gateway/headers.ts';

describe('passHeaders', () => {
  it('passes what is end to end as it is', () => {
    const headers = {
      subject: 'a',
      'user-agent': 'b',
      privacy: 'id',
      'p-asserted-identity': '<sip:a@x>',
      Diversion: '<sip:b@x>',
      'history-info': '<sip:c@x>;index=1',
      'X-Thing': 'd',
      'session-id': 'e',
      reason: 'SIP;cause=200',
      'content-type': 'application/sdp',
      accept: 'f',
      'alert-info': 'g',
      'call-info': 'h',
      date: 'i',
    };
    expect(passHeaders(headers)).toEqual(headers);
  });

  it.each([
    'via',
    'route',
    'record-route',
    'contact',
    'from',
    'to',
    'call-id',
    'cseq',
    'max-forwards',
    'content-length',
    'authorization',
    'proxy-authenticate',
    'require',
    'session-expires',
    'x',
    'replaces',
    'rseq',
    'X-MCG-Call',
    'x-mcg-anything',
    'Proxy-Authorization',
  ])('keeps %s on its side', (name) => {
    expect(passHeaders({ [name]: '1' })).toEqual({});
  });

  it('names to the other side only what both can do', () => {
    expect(passHeaders({ supported: '100rel, Timer,replaces , histinfo', allow: 'INVITE, REFER, PRACK,BYE' })).toEqual({
      supported: 'histinfo',
      allow: 'INVITE, BYE',
    });
    expect(passHeaders({ supported: '100rel', allow: 'PRACK' })).toEqual({});
  });
});

describe('reading', () => {
  it('finds a header in whatever case it was kept', () => {
    expect(header({ 'X-Foo': '1' }, 'x-foo')).toBe('1');
    expect(header({ 'X-Foo': '1' }, 'x-fop')).toBeUndefined();
  });

  it('tags and addresses without them', () => {
    expect(tagOf('"a;tag=no" <sip:x;tag=no>;x=1;tag=yes')).toBe('yes');
    expect(tagOf('sip:x;tag=yes')).toBe('yes');
    expect(tagOf('<sip:x>')).toBeNull();
    expect(tagOf(undefined)).toBeNull();
    expect(withoutTag('"A" <sip:x>;tag=1')).toBe('"A" <sip:x>');
    expect(withoutTag('sip:x;tag=1')).toBe('<sip:x>');
    expect(withoutTag(undefined)).toBeUndefined();
  });

  it.each([
    ['70', 70],
    ['0', 0],
    ['x', 70],
    ['-1', 70],
    [undefined, 70],
  ])('Max-Forwards %s is %i', (value, number) => {
    expect(maxForwards(value === undefined ? {} : { 'max-forwards': value })).toBe(number);
  });

  it('the sender’s half of a Session-ID, never the nil UUID', () => {
    const uuid = 'ab30317f1a784dc48ff824d0d3715d86';
    expect(sessionUuid({ 'session-id': `${uuid.toUpperCase()};remote=${'0'.repeat(32)}` })).toBe(uuid);
    expect(sessionUuid({ 'session-id': '0'.repeat(32) })).toBeNull();
    expect(sessionUuid({ 'session-id': 'abc' })).toBeNull();
    expect(sessionUuid({})).toBeNull();
  });

  it('required options that nobody behind us could honour', () => {
    expect(unsupportedOptions({ require: 'histinfo, 100rel,timer' })).toEqual(['100rel', 'timer']);
    expect(unsupportedOptions({})).toEqual([]);
  });

  it('privacy tokens', () => {
    expect(privacyOf({ privacy: 'ID; critical,user' })).toEqual(['id', 'critical', 'user']);
  });
});
