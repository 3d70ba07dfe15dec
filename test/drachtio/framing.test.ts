import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FrameParser } from '../../src/drachtio/protocol/framing.ts';

function frame(payload: string): Buffer {
  const bytes = Buffer.from(payload, 'utf8');
  return Buffer.concat([Buffer.from(`${bytes.length}#`), bytes]);
}

/** Every payload and the problem that come of these chunks. */
function read(chunks: readonly Buffer[], maxFrameBytes = 1_000): { payloads: string[]; problem: string | null } {
  const parser = new FrameParser(maxFrameBytes);
  const payloads: string[] = [];
  let problem: string | null = null;
  for (const chunk of chunks) {
    const result = parser.push(chunk);
    payloads.push(...result.frames.map((payload) => payload.toString('utf8')));
    ({ problem } = result);
  }
  return { payloads, problem };
}

describe('frames', () => {
  const stream = Buffer.concat(['a|ping', 'grüße, 日本語 ☎', 'x'.repeat(300), 'b|sip||\r\nzwölf'].map(frame));
  const whole = read([stream]).payloads;

  it('1: the length counts UTF-8 bytes', () => {
    expect(whole).toEqual(['a|ping', 'grüße, 日本語 ☎', 'x'.repeat(300), 'b|sip||\r\nzwölf']);
  });

  it('2: a stream split at every byte position gives the same frames', () => {
    for (let at = 0; at <= stream.length; at += 1) {
      expect(read([stream.subarray(0, at), stream.subarray(at)])).toEqual({ payloads: whole, problem: null });
    }
    expect(read([...stream].map((byte) => Buffer.of(byte))).payloads).toEqual(whole);
  });

  it('2: any payloads in any chunks come out as they went in', () => {
    const payloads = fc.array(fc.string({ unit: 'grapheme', minLength: 1, maxLength: 60 }), { maxLength: 8 });
    fc.assert(
      fc.property(payloads, fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1 }), (texts, sizes) => {
        const bytes = Buffer.concat(texts.map(frame));
        const chunks: Buffer[] = [];
        for (let at = 0, i = 0; at < bytes.length; i += 1) {
          const size = sizes[i % sizes.length] ?? 1;
          chunks.push(bytes.subarray(at, at + size));
          at += size;
        }
        expect(read(chunks)).toEqual({ payloads: texts, problem: null });
      }),
    );
  });

  it.each([
    ['a letter', 'abc#x', /must begin with its length/],
    ['a sign', '+3#abc', /must begin with its length/],
    ['no length', '#abc', /above 0/],
    ['a length of 0', '0#abc', /above 0/],
    ['too large a frame', '1001#abc', /over the limit of 1000/],
    ['more than 8 digits', '000000001#a', /more than 8 digits/],
    ['more than 8 digits without an end', '111111111', /more than 8 digits/],
  ])('59: %s is a problem, and nothing after it is read', (_what, text, problem) => {
    expect(read([Buffer.from(text)]).problem).toMatch(problem);
    expect(read([Buffer.from(text), frame('a|ping')]).payloads).toEqual([]);
  });

  it('59: what came before the problem in the same chunk is still read', () => {
    const { payloads, problem } = read([Buffer.concat([frame('a|ping'), Buffer.from('x')])]);
    expect(payloads).toEqual(['a|ping']);
    expect(problem).not.toBeNull();
  });

  it('59: no bytes ever make it throw, and it never gives more than came', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 50 })), (chunks) => {
        const { payloads } = read(
          chunks.map((chunk) => Buffer.from(chunk)),
          64,
        );
        const size = chunks.reduce((sum, chunk) => sum + chunk.length, 0);
        expect(payloads.length).toBeLessThanOrEqual(size);
      }),
    );
  });

  it('a limit may be raised while the connection lives', () => {
    const parser = new FrameParser(4);
    parser.maxFrameBytes = 10;
    expect(parser.push(frame('0123456789')).frames.map(String)).toEqual(['0123456789']);
  });
});
