import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import {
  destinationOfVia,
  parseMessage,
  parseNameAddress,
  parseUri,
  serialize,
  topVia,
} from '../../../src/sip/index.ts';
import { bytesOf, request, requestText } from './support.ts';

const DATA = new URL('../../data/rfc5118/', import.meta.url);

function read(path: string): Buffer {
  return readFileSync(new URL(path, DATA));
}

describe('RFC 5118 torture messages', () => {
  it('are all here', () => {
    expect(readdirSync(new URL('valid/', DATA))).toHaveLength(11);
    expect(readdirSync(new URL('invalid/', DATA))).toEqual(['ipv6-bad.dat']);
  });

  it.each(readdirSync(new URL('valid/', DATA)))('%s is valid and goes out as it came', (file) => {
    const outcome = parseMessage(read(`valid/${file}`), 'stream');
    if (!outcome.ok) throw new Error(outcome.problem);
    expect(serialize(outcome.message)).toEqual(read(`valid/${file}`));
  });

  it('an address without brackets is no host: 400', () => {
    expect(parseMessage(read('invalid/ipv6-bad.dat'), 'datagram')).toMatchObject({ ok: false, status: 400 });
  });

  it.each(['bug-abnf-3-colons', 'correct-abnf-2-colons'])('4.10: ipv6-%s names one address', (name) => {
    const outcome = parseMessage(read(`valid/ipv6-${name}.dat`), 'datagram');
    const uri = outcome.ok && outcome.message.kind === 'request' ? parseUri(outcome.message.uri) : null;
    expect(uri).toMatchObject({ user: 'user', host: '2001:db8::192.0.2.1', port: null });
  });

  it.each(['[2001:db8:::10]', '[2001:db8::::192.0.2.1]', '[:::]', '[1:::2:192.0.2.1]', '[:::192.0.2.256]'])(
    '4.10: no other third colon is tolerated: %s',
    (host) => {
      expect(parseUri(`sip:${host}`)).toBeNull();
    },
  );
});

/** What the messages of RFC 5118 section 4 say, read in detail. */
describe('IPv6 in messages', () => {
  const contact = { Contact: '<sip:caller@[2001:db8::1]>', Via: 'SIP/2.0/UDP [2001:db8::9:1];branch=z9hG4bKas3-111' };

  it('4.1: an IPv6 reference in Request-URI, Via and Contact', () => {
    const message = request({ ...contact, start: 'INVITE sip:[2001:db8::10] SIP/2.0' });
    expect(parseUri(message.uri)?.host).toBe('2001:db8::10');
    expect(topVia(message)).toMatchObject({ host: '2001:db8::9:1', port: null });
    expect(parseUri(parseNameAddress(message.headers.get('Contact') ?? '')?.uri ?? '')?.host).toBe('2001:db8::1');
  });

  it('4.2: without brackets it is none', () => {
    const text = requestText({ ...contact, start: 'INVITE sip:2001:db8::10 SIP/2.0' });
    expect(parseMessage(bytesOf(text), 'datagram')).toMatchObject({ ok: false, status: 400 });
  });

  it('4.3, 4.4: what stands in the brackets is no port, what stands behind them is', () => {
    expect(parseUri('sip:[2001:db8::10:5070]')).toMatchObject({ host: '2001:db8::10:5070', port: null });
    expect(parseUri('sip:[2001:db8::10]:5070')).toMatchObject({ host: '2001:db8::10', port: 5070 });
  });

  it.each(['[2001:db8::9:255]', '2001:db8::9:255'])('4.5: received=%s', (received) => {
    const via = topVia(request({ Via: `SIP/2.0/UDP [2001:db8::9:1];received=${received};branch=z9hG4bKas3` }));
    expect(via && destinationOfVia(via)).toEqual({ protocol: 'udp', address: '2001:db8::9:255', port: 5060 });
  });

  it('4.9, 4.10: both families in one message, and IPv4 mapped into IPv6', () => {
    const message = request({
      Via: 'SIP/2.0/UDP [2001:db8::9:1]:6050;branch=z9hG4bKas3-111, SIP/2.0/UDP 192.0.2.1;branch=z9hG4bKjhja8781hjuaij65144',
      Contact: '<sip:caller@[::ffff:192.0.2.10]>',
    });
    expect(message.headers.elements('Via')).toHaveLength(2);
    expect(parseUri('sip:caller@[::ffff:192.0.2.10]')?.host).toBe('::ffff:192.0.2.10');
  });
});
