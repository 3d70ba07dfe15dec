import { describe, expect, it } from 'vitest';
import {
  header,
  maxForwards,
  passHeaders,
  privacyOf,
  sessionUuid,
  tagOf,
  sessionAnswer,
  supporting,
  unsupportedOptions,
  demandedOptions,
  withoutTag,
} from '../../../src/gateway/message/headers.ts';

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
    expect(passHeaders({ supported: '100rel, Timer,replaces , tdialog', allow: 'INVITE, REFER, PRACK,BYE' })).toEqual({
      supported: 'replaces',
      allow: 'INVITE, REFER, BYE',
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
    expect(unsupportedOptions({ require: 'histinfo, 100rel,Timer, replaces, tdialog, precondition' }, true)).toEqual([
      'tdialog',
      'precondition',
    ]);
    expect(unsupportedOptions({ require: 'histinfo, 100rel,timer' }, false)).toEqual(['100rel']);
    expect(unsupportedOptions({}, true)).toEqual([]);
  });

  it('privacy tokens', () => {
    expect(privacyOf({ privacy: 'ID; critical,user' })).toEqual(['id', 'critical', 'user']);
  });
});

describe('what engines do on each side by themselves', () => {
  it.each([
    ['100rel', ['100rel']],
    ['Timer, 100rel', ['timer', '100rel']],
    ['100rel, precondition', []],
    ['', []],
  ])('a 421 that requires %j: %j is offered', (require, offered) => {
    expect(demandedOptions({ require })).toEqual(offered);
  });

  it('is added to what else is supported', () => {
    expect(supporting({ supported: 'histinfo' }, ['timer'])).toEqual({ supported: 'histinfo, timer' });
    expect(supporting({}, ['timer'])).toEqual({ supported: 'timer' });
    expect(supporting({ subject: 'x' }, [])).toEqual({ subject: 'x' });
  });

  const caller = { 'session-expires': '1800;refresher=uac', require: 'timer' };
  it.each([
    [{ 'session-expires': '1800', supported: '100rel, timer' }, caller],
    [{ x: '1800', k: 'timer' }, caller],
    [{ 'session-expires': '1800', require: 'timer' }, caller],
    [
      { 'session-expires': ' 60 ; generic=x', supported: 'timer' },
      { ...caller, 'session-expires': '90;refresher=uac' },
    ],
    // The engine answers these itself.
    [{ 'session-expires': '1800;refresher=uas', supported: 'timer' }, {}],
    [{ 'session-expires': '1800 ; Refresher = uac', supported: 'timer' }, {}],
    // Who knows no session timers cannot refresh.
    [{ 'session-expires': '1800' }, {}],
    [{ supported: 'timer' }, {}],
    [{ 'session-expires': 'soon', supported: 'timer' }, {}],
  ])('a caller that says %j is told %j', (headers, told) => {
    expect(sessionAnswer(headers as Record<string, string>)).toEqual(told);
  });
});
