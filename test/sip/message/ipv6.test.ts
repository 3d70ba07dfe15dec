import { describe, expect, it } from 'vitest';
import { destinationOfVia, parseMessage, parseNameAddress, parseUri, topVia } from '../../../src/sip/index.ts';
import { bytesOf, request, requestText } from './support.ts';

/** After the torture messages of RFC 5118 section 4. */
describe('RFC 5118', () => {
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
