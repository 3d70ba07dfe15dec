import { describe, expect, it } from 'vitest';
import { SipHeaders } from '../../../src/sip/index.ts';

function headers(...lines: string[]): SipHeaders {
  return new SipHeaders(
    lines.map((line) => ({ name: line.split(':', 1)[0]!, value: line.slice(line.indexOf(':') + 2) })),
  );
}

function lines(of: SipHeaders): string[] {
  return of.fields.map(({ name, value }) => `${name}: ${value}`);
}

const VIAS = ['v: SIP/2.0/UDP a, SIP/2.0/UDP b', 'Subject: s', 'VIA: SIP/2.0/UDP c'];

describe('SipHeaders', () => {
  it.each([
    ['v', 'Via'],
    ['f', 'From'],
    ['t', 'To'],
    ['i', 'Call-ID'],
    ['m', 'Contact'],
    ['l', 'Content-Length'],
    ['c', 'Content-Type'],
    ['e', 'Content-Encoding'],
    ['k', 'Supported'],
    ['s', 'Subject'],
    ['o', 'Event'],
    ['r', 'Refer-To'],
    ['b', 'Referred-By'],
    ['x', 'Session-Expires'],
    ['u', 'Allow-Events'],
    ['a', 'Accept-Contact'],
    ['j', 'Reject-Contact'],
    ['d', 'Request-Disposition'],
    ['y', 'Identity'],
    ['n', 'Identity-Info'],
  ])('%s is %s, in any case', (compact, long) => {
    expect(headers(`${compact}: 1`).get(long.toUpperCase())).toBe('1');
    expect(headers(`${compact.toUpperCase()}: 1`).get(long.toLowerCase())).toBe('1');
    expect(headers(`${long}: 1`).get(compact)).toBe('1');
  });

  it('finds fields, unfolded, and elements outside quotes and <>', () => {
    expect(headers('X: a  \r\n\t b').get('x')).toBe('a b');
    expect(headers(...VIAS).all('Via')).toEqual(['SIP/2.0/UDP a, SIP/2.0/UDP b', 'SIP/2.0/UDP c']);
    expect(headers(...VIAS).elements('Via')).toEqual(['SIP/2.0/UDP a', 'SIP/2.0/UDP b', 'SIP/2.0/UDP c']);
    expect(headers('m: "a, \\", b" <sip:x?a=,>;q=1,, <sip:y>').elements('Contact')).toEqual([
      '"a, \\", b" <sip:x?a=,>;q=1',
      '<sip:y>',
    ]);
    expect(headers().get('X')).toBeUndefined();
  });

  it('keeps bytes that only look like white space: NBSP is half of many a UTF-8 character', () => {
    expect(headers('X: \xc3\xa0\r\n \xc2\xa0').get('X')).toBe('\xc3\xa0 \xc2\xa0');
  });

  it('set replaces the first field and drops the others, or appends', () => {
    const some = headers(...VIAS);
    some.set('Via', 'x');
    some.set('New', 'y');
    expect(lines(some)).toEqual(['Via: x', 'Subject: s', 'New: y']);
  });

  it('prepend puts a field above the others of its name', () => {
    const some = headers(...VIAS);
    some.prepend('Via', 'x');
    expect(some.elements('Via')).toEqual(['x', 'SIP/2.0/UDP a', 'SIP/2.0/UDP b', 'SIP/2.0/UDP c']);
  });

  it('setFirstElement changes the first element and its field only', () => {
    const some = headers(...VIAS);
    some.setFirstElement('Via', 'x');
    expect(lines(some)).toEqual(['v: x, SIP/2.0/UDP b', 'Subject: s', 'VIA: SIP/2.0/UDP c']);
    some.setFirstElement('Route', '<sip:r>');
    expect(some.get('Route')).toBe('<sip:r>');
  });

  it('shiftElement takes elements one by one and leaves no empty field', () => {
    const some = headers('Via: ,', ...VIAS);
    expect([1, 2, 3, 4].map(() => some.shiftElement('Via'))).toEqual([
      'SIP/2.0/UDP a',
      'SIP/2.0/UDP b',
      'SIP/2.0/UDP c',
      undefined,
    ]);
    expect(some.get('Subject')).toBe('s');
  });

  it('delete drops every field of the name; a clone does not notice', () => {
    const some = headers(...VIAS);
    const clone = some.clone();
    some.delete('via');
    expect(lines(some)).toEqual(['Subject: s']);
    expect(lines(clone)).toEqual(VIAS);
    clone.append('X', '1');
    expect(some.has('X')).toBe(false);
  });
});
