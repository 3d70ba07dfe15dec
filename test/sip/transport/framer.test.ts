import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MAX_BODY_BYTES, MAX_HEAD_BYTES } from '../../../src/sip/message/limits.ts';
import { Framer, type Framed } from '../../../src/sip/transport/framer.ts';
import { bytesOf, requestText } from '../message/support.ts';

/** What came out, in short: the Call-ID and body of messages, the problem of failures. */
function summary(framed: Framed): string {
  if (framed.kind === 'ping' || framed.kind === 'pong') return framed.kind;
  if (framed.kind === 'failure')
    return `${framed.fatal ? 'fatal' : 'refused'} ${framed.failure.status} ${framed.failure.problem}`;
  return `${framed.message.headers.get('Call-ID')} ${framed.message.body.toString('latin1')}`;
}

function frame(...chunks: string[]): string[] {
  const framer = new Framer();
  return chunks.flatMap((chunk) => framer.push(bytesOf(chunk)).map(summary));
}

const one = requestText({ 'Call-ID': 'one' }, 'body\r\n\r\n1');
const two = requestText({ 'Call-ID': 'two' });
const refused = requestText({ 'Call-ID': 'x', CSeq: '1 BYE' }, '123');

describe('Framer', () => {
  it('finds messages by Content-Length, whatever the body holds', () => {
    expect(frame(one + two + one)).toEqual(['one body\r\n\r\n1', 'two ', 'one body\r\n\r\n1']);
  });

  it('gives the same however the stream is cut', () => {
    const stream = `\r\n${one}\r\n\r\n${two}${refused}\r\n${one}`;
    const whole = frame(stream);
    expect(whole).toEqual([
      'one body\r\n\r\n1',
      'ping',
      'two ',
      'refused 400 CSeq Method Mismatch: "BYE in CSeq of INVITE"',
      'one body\r\n\r\n1',
    ]);
    expect(frame(...stream.split(''))).toEqual(whole);
    fc.assert(
      fc.property(fc.array(fc.nat(stream.length), { maxLength: 12 }), (cuts) => {
        const edges = [0, ...cuts.sort((a, b) => a - b), stream.length];
        expect(frame(...edges.slice(1).map((edge, index) => stream.slice(edges[index], edge)))).toEqual(whole);
      }),
    );
  });

  it('takes no more messages than it is told, and goes on where it stopped', () => {
    const framer = new Framer();
    const stream = bytesOf(`\r\n\r\n${one}${two}${one}${two.slice(0, 20)}`);
    expect(framer.push(stream, false, 2).map(summary)).toEqual(['ping', 'one body\r\n\r\n1', 'two ']);
    stream.fill(0);
    expect(framer.more).toBe(true);
    expect(framer.push(bytesOf(two.slice(20)), false, 0)).toEqual([]);
    expect(framer.more).toBe(true);
    expect(framer.push(bytesOf(''), false, 3).map(summary)).toEqual(['one body\r\n\r\n1', 'two ']);
    expect(framer.more).toBe(false);
    expect(framer.heldBytes).toBe(0);
  });

  it('does not hold on to the chunk it was given', () => {
    const framer = new Framer();
    const chunk = bytesOf(one);
    const [framed] = framer.push(chunk);
    const rest = bytesOf(two.slice(0, 20));
    framer.push(rest);
    chunk.fill(0);
    rest.fill(0);
    expect(framed?.kind === 'message' && framed.message.body.toString()).toBe('body\r\n\r\n1');
    expect(framer.push(bytesOf(two.slice(20))).map(summary)).toEqual(['two ']);
  });

  it('answers every pair of line breaks between messages, and lets a single one pass', () => {
    expect(frame('\r\n\r\n\r\n\r\n')).toEqual(['ping', 'ping']);
    expect(frame('\r\n', two, '\r\n', two, '\r', '\n')).toEqual(['two ', 'two ']);
  });

  it('knows whether a message has begun', () => {
    const framer = new Framer();
    expect(framer.partial).toBe(false);
    framer.push(bytesOf('\r\n\r\n'));
    expect(framer.partial).toBe(false);
    framer.push(bytesOf(one.slice(0, -1)));
    expect(framer.partial).toBe(true);
    framer.push(bytesOf(one.slice(-1)));
    expect(framer.partial).toBe(false);
  });

  it.each([
    ['no Content-Length', requestText({ 'Content-Length': null }), 'fatal 400 Missing Content-Length'],
    ['two', requestText({ l: '5' }), 'fatal 400 Repeated Content-Length'],
    ['one that is no number', requestText({ 'Content-Length': '-1' }), 'fatal 400 Bad Content-Length: "-1"'],
    ['one over the limit', requestText({ 'Content-Length': `${MAX_BODY_BYTES + 1}` }), 'fatal 513 Message Too Large'],
    ['a line that is no header', requestText({ 'no header\r\nX': '1' }), 'fatal 400 Bad Header Line: "no header"'],
    ['another protocol', 'GET / HTTP/1.1\r\nHost: x\r\n\r\n', 'fatal null Not A SIP Message'],
    [
      'a response without length',
      requestText({ start: 'SIP/2.0 200 OK', 'Content-Length': null }),
      'fatal null Missing Content-Length',
    ],
  ])('with %s the stream is lost, and nothing after it is read', (_, text, expected) => {
    expect(frame(text + two, two)).toEqual([expected]);
  });

  it(`takes a header block of ${MAX_HEAD_BYTES} bytes and no more, and says so to its sender`, () => {
    const padded = (length: number): string => {
      const text = requestText({ Subject: '@' });
      return text.replace('@', 'x'.repeat(length - text.length + 1));
    };
    expect(frame(padded(MAX_HEAD_BYTES))).toEqual(['a84b4c76e66710@pc33.example.com ']);
    const unending = requestText().slice(0, -2) + 'Y: z\r\n'.repeat(20) + `S: ${'x'.repeat(MAX_HEAD_BYTES)}`;
    expect(frame(unending)).toEqual(['fatal 513 Message Too Large']);
    expect(frame(...(unending.match(/[^]{1,1000}/g) ?? []))).toEqual(['fatal 513 Message Too Large']);
  });

  it(`takes a body of ${MAX_BODY_BYTES} bytes`, () => {
    const framer = new Framer();
    const framed = framer.push(bytesOf(requestText({}, 'x'.repeat(MAX_BODY_BYTES))));
    expect(framed[0]?.kind === 'message' && framed[0].message.body.length).toBe(MAX_BODY_BYTES);
  });

  it('takes no more memory for a body than was announced, nor at once', () => {
    const framer = new Framer();
    const text = requestText({}, 'x'.repeat(MAX_BODY_BYTES));
    framer.push(bytesOf(text.slice(0, 10_000)));
    expect(framer.heldBytes).toBeLessThan(20_001);
    for (let at = 10_000; at < text.length - 1; at += 10_000) {
      framer.push(bytesOf(text.slice(at, Math.min(at + 10_000, text.length - 1))));
      expect(framer.heldBytes).toBeLessThanOrEqual(MAX_BODY_BYTES);
    }
    expect(framer.push(bytesOf('x')).map(({ kind }) => kind)).toEqual(['message']);
    expect(framer.heldBytes).toBe(0);
  });

  it('looks at each byte once: a header block that drips in costs little', () => {
    const framer = new Framer();
    const drip = bytesOf(`INVITE sip:x SIP/2.0\r\nX: ${'\r '.repeat(30_000)}`);
    const started = performance.now();
    for (let index = 0; index < drip.length; index++) framer.push(drip.subarray(index, index + 1));
    expect(performance.now() - started).toBeLessThan(1_000);
  });

  it('never throws, whatever comes', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 60 }), { maxLength: 20 }), (chunks) => {
        const framer = new Framer();
        framer.push(bytesOf(one.slice(0, 40)));
        for (const chunk of chunks) framer.push(Buffer.from(chunk));
      }),
    );
  });
});
