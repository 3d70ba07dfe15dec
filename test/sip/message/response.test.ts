import { describe, expect, it } from 'vitest';
import { makeResponse, parseMessage, serialize, stampTopVia } from '../../../src/sip/index.ts';
import { request } from './support.ts';

const SOME = {
  Via: 'SIP/2.0/UDP a;branch=z9hG4bK1, SIP/2.0/UDP b;branch=z9hG4bK2',
  v: 'SIP/2.0/UDP c;branch=z9hG4bK3',
  'Record-Route': '<sip:p1;lr>, <sip:p2;lr>',
  Timestamp: '54',
  Subject: 'not copied',
};

describe('makeResponse', () => {
  it('copies Via, From, To, Call-ID, CSeq (RFC 3261 8.2.6.2), and is a valid message', () => {
    const bytes = serialize(makeResponse(request(SOME), 486, 'Busy Here', { toTag: 't1' }));
    expect(bytes.toString()).toBe(
      [
        'SIP/2.0 486 Busy Here',
        'Via: SIP/2.0/UDP a;branch=z9hG4bK1, SIP/2.0/UDP b;branch=z9hG4bK2',
        'Via: SIP/2.0/UDP c;branch=z9hG4bK3',
        'From: Alice <sip:alice@example.com>;tag=1928301774',
        'To: Bob <sip:bob@example.com>;tag=t1',
        'Call-ID: a84b4c76e66710@pc33.example.com',
        'CSeq: 314159 INVITE',
        'Content-Length: 0',
        '',
        '',
      ].join('\r\n'),
    );
    expect(parseMessage(bytes, 'stream').ok).toBe(true);
  });

  it.each([
    [100, false, true],
    [180, true, false],
    [200, true, false],
    [302, false, false],
  ])('%i: Record-Route %s, Timestamp %s', (status, recordRoute, timestamp) => {
    const { headers } = makeResponse(request(SOME), status, 'x', { toTag: 't' });
    expect([headers.has('Record-Route'), headers.has('Timestamp')]).toEqual([recordRoute, timestamp]);
  });

  it('gives no tag to a 100, nor to a To that has one', () => {
    expect(makeResponse(request(), 100, 'Trying', { toTag: 't' }).headers.get('To')).toBe('Bob <sip:bob@example.com>');
    const inDialog = request({ To: 'sip:bob@example.com;tag=theirs' });
    expect(makeResponse(inDialog, 200, 'OK', { toTag: 't' }).headers.get('To')).toBe('sip:bob@example.com;tag=theirs');
  });

  it('tags a To without <>', () => {
    const plain = request({ To: 'sip:bob@example.com' });
    expect(makeResponse(plain, 200, 'OK', { toTag: 't' }).headers.get('To')).toBe('sip:bob@example.com;tag=t');
  });

  it('adds headers and body', () => {
    const response = makeResponse(request(), 200, 'OK', {
      headers: [{ name: 'Contact', value: '<sip:me>' }],
      body: Buffer.from('v=0'),
    });
    expect(response.headers.get('Contact')).toBe('<sip:me>');
    expect(response.body.toString()).toBe('v=0');
  });
});

describe('stampTopVia', () => {
  it.each([
    ['SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK1', 'SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK1;rport=1024'],
    ['SIP/2.0/UDP h;branch=z9hG4bK1', 'SIP/2.0/UDP h;branch=z9hG4bK1;rport=1024;received=192.0.2.1'],
    [
      'SIP/2.0/UDP 192.0.2.1;rport;branch=z9hG4bK1',
      'SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK1;rport=1024;received=192.0.2.1',
    ],
    ['SIP/2.0/UDP h;received=6.6.6.6;rport=666', 'SIP/2.0/UDP h;rport=1024;received=192.0.2.1'],
    ['SIP/2.0/UDP h, SIP/2.0/UDP i', 'SIP/2.0/UDP h;rport=1024;received=192.0.2.1, SIP/2.0/UDP i'],
  ])('%s', (via, stamped) => {
    const message = request({ Via: via });
    stampTopVia(message, '192.0.2.1', 1024);
    expect(message.headers.get('Via')).toBe(stamped);
  });
});
