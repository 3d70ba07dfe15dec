import { describe, expect, it } from 'vitest';
import { parseFragment, parseMessage } from '../../../src/sip/index.ts';
import { MAX_BODY_BYTES, MAX_DATAGRAM_BYTES, MAX_HEADER_FIELDS } from '../../../src/sip/message/limits.ts';
import { bytesOf, parsed, requestText } from './support.ts';

function refusal(text: string): { status: number | null; problem: string } | null {
  const outcome = parseMessage(bytesOf(text), 'datagram');
  return outcome.ok ? null : { status: outcome.status, problem: outcome.problem };
}

const OK_RESPONSE = requestText({ start: 'SIP/2.0 200 OK' });

describe('parseMessage', () => {
  it('keeps names, values and order as they came', () => {
    const text = requestText({ 'x-STRANGE': 'a,  b\t;c', v: 'SIP/2.0/UDP second.example.com' });
    expect(parsed(text).headers.fields.map((field) => `${field.name}: ${field.value}`)).toEqual(
      text.split('\r\n').slice(1, -2),
    );
  });

  it.each([
    ['a missing Via', { Via: null }, null, 'Missing Via'],
    ['a missing From', { From: null }, 400, 'Missing From'],
    ['a missing To', { To: null }, 400, 'Missing To'],
    ['a missing Call-ID', { 'Call-ID': null }, 400, 'Missing Call-ID'],
    ['a missing CSeq', { CSeq: null }, 400, 'Missing CSeq'],
    ['a repeated header that may stand once', { t: '<sip:eve@example.com>' }, 400, 'Repeated t'],
    ['a repeated Content-Type', { 'Content-Type': 'text/plain', c: 'application/sdp' }, 400, 'Repeated c'],
    ['a CSeq of 2^31', { CSeq: '2147483648 INVITE' }, 400, 'Bad CSeq: "2147483648 INVITE"'],
    ['a CSeq without a method', { CSeq: '1' }, 400, 'Bad CSeq: "1"'],
    ['a CSeq of another method', { CSeq: '1 ACK' }, 400, 'CSeq Method Mismatch: "ACK in CSeq of INVITE"'],
    ['Max-Forwards over 255', { 'Max-Forwards': '256' }, 400, 'Bad Max-Forwards: "256"'],
    ['Max-Forwards that is no number', { 'Max-Forwards': '-1' }, 400, 'Bad Max-Forwards: "-1"'],
    ['an empty From', { From: '' }, 400, 'Bad From: ""'],
    ['a Call-ID with blanks', { 'Call-ID': 'a b' }, 400, 'Bad Call-ID: "a b"'],
    ['a Via that is none', { Via: 'HTTP/1.1 x' }, 400, 'Bad Via: "HTTP/1.1 x"'],
    [
      'a Content-Length over what follows',
      { 'Content-Length': '1' },
      400,
      'Body Shorter Than Content-Length: "0 of 1"',
    ],
    ['a Content-Length that is no number', { 'Content-Length': '0x0' }, 400, 'Bad Content-Length: "0x0"'],
    ['a huge Content-Length', { 'Content-Length': `${MAX_BODY_BYTES + 1}` }, 513, 'Message Too Large'],
    ['a Request-URI without a host', { start: 'INVITE sip:bob@ SIP/2.0' }, 400, 'Bad Request-URI: "sip:bob@"'],
    ['another version', { start: 'INVITE sip:bob@b SIP/3.0' }, 505, 'Version Not Supported: SIP/3.0'],
    [
      'a scheme nobody here is reached by',
      { start: 'INVITE mailto:a@b SIP/2.0' },
      416,
      'Unsupported URI Scheme: mailto',
    ],
    ['another protocol', { start: 'GET / HTTP/1.1' }, null, 'Not A SIP Message'],
  ])('refuses %s', (_, changes, status, problem) => {
    expect(refusal(requestText(changes as Record<string, string | null>))).toEqual({ status, problem });
  });

  it.each([
    ['an absent Max-Forwards (RFC 3261 16.3)', { 'Max-Forwards': null }],
    ['an absent Content-Length', { 'Content-Length': null }],
    ['a tel URI', { start: 'INVITE tel:+33140001001 SIP/2.0' }],
    ['the version in lower case', { start: 'INVITE sip:b sip/2.0' }],
    ['a Via without branch (RFC 2543)', { Via: 'SIP/2.0/UDP old.example.com' }],
    ['many elements in one field', { Via: 'SIP/2.0/UDP a;branch=z9hG4bK1, SIP/2.0/TCP b;branch=z9hG4bK2' }],
    ['raw UTF-8 in an unquoted display name', { From: 'Ren\xc3\xa0 M\xc3\xbc <sip:a@b>;tag=1' }],
  ])('takes %s', (_, changes) => {
    expect(refusal(requestText(changes))).toBeNull();
  });

  it('never answers a broken ACK or a broken response', () => {
    expect(refusal(requestText({ start: 'ACK sip:bob@example.com SIP/2.0' }))).toMatchObject({ status: null });
    expect(refusal(OK_RESPONSE.replace('314159', 'x'))).toMatchObject({ status: null });
    expect(refusal(OK_RESPONSE.replace('200', '700'))).toMatchObject({ status: null });
    expect(refusal(OK_RESPONSE.replace('200', '0200'))).toMatchObject({ status: null });
  });

  it('does not mind the CSeq method of a response', () => {
    expect(parsed(OK_RESPONSE)).toMatchObject({ kind: 'response', status: 200, reason: 'OK' });
  });

  it.each([
    ['LF alone', requestText().replace('\r\nTo', '\nTo')],
    ['CR alone', requestText().replace('Alice', 'Al\rice')],
    ['LF in a value', requestText().replace('Alice', 'Al\nX-Injected: 1')],
    ['LF after the start line', requestText().replace('SIP/2.0\r\n', 'SIP/2.0\n')],
  ])('refuses %s: another stack may take it for a line end', (_, text) => {
    expect(parseMessage(bytesOf(text), 'datagram').ok).toBe(false);
  });

  it('refuses a header block that never ends', () => {
    expect(refusal(requestText().slice(0, -2))).toEqual({ status: 400, problem: 'Header Block Without End' });
  });

  it('skips line breaks before the start line (RFC 3261 7.5)', () => {
    expect(refusal(`\r\n\r\n${requestText()}`)).toBeNull();
  });

  it('cuts the body of a datagram to Content-Length, and takes all without one', () => {
    expect(parsed(requestText({ 'Content-Length': '3' }, 'abcdef')).body.toString()).toBe('abc');
    expect(parsed(requestText({ 'Content-Length': null }, 'abcdef')).body.toString()).toBe('abcdef');
  });

  it('keeps every byte of a body', () => {
    const body = String.fromCharCode(...Array.from({ length: 256 }, (_, code) => code));
    expect(parsed(requestText({}, body)).body).toEqual(Buffer.from(body, 'latin1'));
  });

  it(`takes ${MAX_HEADER_FIELDS} header fields and no more`, () => {
    const more = (count: number): string =>
      requestText().replace('\r\n\r\n', `\r\n${'Z: y\r\n'.repeat(count - 7)}\r\n`);
    expect(refusal(more(MAX_HEADER_FIELDS))).toBeNull();
    expect(refusal(more(MAX_HEADER_FIELDS + 1))).toEqual({ status: 400, problem: 'Too Many Header Fields' });
  });

  it(`refuses more than ${MAX_DATAGRAM_BYTES} bytes unread`, () => {
    expect(parseMessage(Buffer.alloc(MAX_DATAGRAM_BYTES + 1), 'datagram')).toMatchObject({ ok: false, message: null });
  });

  it('quotes no more than 80 characters of what it refuses', () => {
    expect(refusal(requestText({ 'Call-ID': ' x'.repeat(500) }))?.problem.length).toBeLessThan(110);
  });

  // Each of these takes quadratic time in a parser that backtracks or looks again; here milliseconds.
  it.each([
    ['blanks', requestText({ Z: ' '.repeat(60_000) })],
    ['folding', requestText({ Z: 'a\r\n '.repeat(15_000) })],
    ['quotes', requestText({ To: '"\\'.repeat(30_000) })],
    ['angles', requestText({ To: '<'.repeat(60_000) })],
    ['commas', requestText({ Via: ','.repeat(60_000) })],
    ['parameters', requestText({ From: `<sip:a@b>${';a'.repeat(30_000)}` })],
    ['at signs', requestText({ start: `INVITE sip:${'@'.repeat(60_000)} SIP/2.0` })],
    ['carriage returns', requestText({ Z: '\r'.repeat(60_000) })],
    ['spaces in the start line', requestText({ start: `INVITE${' '.repeat(60_000)}` })],
    ['digits', requestText({ CSeq: '0'.repeat(60_000), 'Max-Forwards': '0'.repeat(300) })],
  ])('spends little on 60 kB of %s', (_, text) => {
    const started = performance.now();
    parseMessage(bytesOf(text), 'datagram');
    expect(performance.now() - started).toBeLessThan(250);
  });
});

describe('parseFragment', () => {
  it('takes what an application writes: no mandatory header, the whole rest as body', () => {
    const outcome = parseFragment(
      Buffer.from('INVITE sip:placeholder SIP/2.0\r\ncontent-length: 2\r\n\r\nd\u00e9j\u00e0'),
    );
    expect(outcome).toMatchObject({ ok: true, message: { method: 'INVITE', uri: 'sip:placeholder' } });
    expect(outcome.ok && outcome.message.body.toString()).toBe('d\u00e9j\u00e0');
  });

  it('takes a status line alone, as NOTIFY bodies of REFER have it (RFC 3515)', () => {
    expect(parseFragment(Buffer.from('SIP/2.0 100 Trying'))).toMatchObject({ ok: true, message: { status: 100 } });
    expect(parseFragment(Buffer.from('SIP/2.0 603 Declined\r\n'))).toMatchObject({
      ok: true,
      message: { status: 603 },
    });
  });

  it('refuses what is none', () => {
    expect(parseFragment(Buffer.from('hello')).ok).toBe(false);
    expect(parseFragment(Buffer.from('BYE sip:x SIP/2.0\r\nno header\r\n\r\n')).ok).toBe(false);
  });
});
