import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatReason, parseReasons } from '../../src/call/index.ts';
import { MAX_REASONS, MAX_TEXT_LENGTH } from '../../src/call/reason.ts';

describe('Reason headers (RFC 3326)', () => {
  it.each([
    [
      'SIP;cause=200;text="Call completed elsewhere"',
      [{ protocol: 'SIP', cause: 200, text: 'Call completed elsewhere' }],
    ],
    ['Q.850;cause=16;text="Terminated"', [{ protocol: 'Q.850', cause: 16, text: 'Terminated' }]],
    ['sip ; cause = 486', [{ protocol: 'SIP', cause: 486 }]],
    [
      'Q.850;cause=17, SIP;cause=486;text="a, b; c"',
      [
        { protocol: 'Q.850', cause: 17 },
        { protocol: 'SIP', cause: 486, text: 'a, b; c' },
      ],
    ],
    ['SIP;text="say \\"hi\\"";cause=603', [{ protocol: 'SIP', cause: 603, text: 'say "hi"' }]],
    [
      'SIP;cause=200;text="Call completed elsewhere";ms-acceptedby="sip:jdoe@vx.net"',
      [{ protocol: 'SIP', cause: 200, text: 'Call completed elsewhere' }],
    ],
    ['SIP', []],
    ['SIP;cause=', []],
    ['SIP;cause=20000', []],
    ['preemption;cause=1', []],
    ['', []],
  ])('%s', (header, expected) => {
    expect(parseReasons(header)).toEqual(expected);
  });

  it('reads so many reasons at most, and so much of a text', () => {
    const many = Array.from({ length: MAX_REASONS + 1 }, () => 'SIP;cause=486').join(',');
    expect(parseReasons(many)).toHaveLength(MAX_REASONS);
    expect(parseReasons(`SIP;cause=486;text="${'x'.repeat(MAX_TEXT_LENGTH + 1)}"`)[0]?.text).toHaveLength(
      MAX_TEXT_LENGTH,
    );
  });

  it('no header, no reasons', () => {
    expect(parseReasons(undefined)).toEqual([]);
  });

  it('what is written is read back', () => {
    const text = fc.string({ maxLength: 50 }).filter((value) => !/[\r\n]/.test(value));
    fc.assert(
      fc.property(
        fc.constantFrom('SIP' as const, 'Q.850' as const),
        fc.integer({ min: 0, max: 999 }),
        text,
        (protocol, cause, text) => {
          expect(parseReasons(formatReason({ protocol, cause, text }))).toEqual([{ protocol, cause, text }]);
        },
      ),
    );
  });

  it('never throws and never reads more than eight, whatever comes', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 10_000 }), (header) => {
        expect(parseReasons(header).length).toBeLessThanOrEqual(8);
      }),
    );
    expect(parseReasons('SIP;cause=1,'.repeat(100))).toHaveLength(8);
  });
});
