import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MAX_SUMMARY_LENGTH, parseMessageSummary, totalOf } from '../../../src/gateway/voicemail/message-summary.ts';

const EXCHANGE = 'Messages-Waiting: yes\r\nMessage-Account: sip:1001@10.0.0.5\r\nVoice-Message: 2/8 (0/2)\r\n\r\n';

describe('a message summary', () => {
  it('is read as Exchange UM writes it', () => {
    expect(parseMessageSummary(EXCHANGE)).toEqual({
      waiting: true,
      account: 'sip:1001@10.0.0.5',
      voice: { new: 2, old: 8, urgent: { new: 0, old: 2 } },
    });
  });

  it.each([
    { title: 'Asterisk’s, without urgent ones', body: 'Messages-Waiting: no\r\nVoice-Message: 0/3\r\n', total: 3 },
    { title: 'any case, LF alone', body: 'MESSAGES-WAITING:YES\nvoice-message:4/1(1/0)\n', total: 5 },
    { title: 'a folded line', body: 'Messages-Waiting: yes\r\nVoice-Message:\r\n  1/2\r\n\t(0/0)\r\n', total: 3 },
    {
      title: 'blanks around everything',
      body: '\r\nMessages-Waiting : yes \r\nVoice-Message : 1 / 2 ( 0 / 1 ) \r\n',
      total: 3,
    },
    { title: 'the greatest count', body: 'Voice-Message: 4294967295/0\r\n', total: 4_294_967_295 },
    { title: 'the first of two', body: 'Voice-Message: 1/0\r\nVoice-Message: 5/5\r\n', total: 1 },
    {
      title: 'other media beside it',
      body: 'Messages-Waiting: yes\r\nFax-Message: 7/7\r\nVoice-Message: 1/1\r\n',
      total: 2,
    },
  ])('counts $title', ({ body, total }) => {
    const summary = parseMessageSummary(body);
    expect(summary === null ? null : totalOf(summary)).toBe(total);
  });

  it.each([
    { title: 'nothing is said of voice messages, though none wait', body: 'Messages-Waiting: no\r\n' },
    { title: 'only fax messages are counted', body: 'Messages-Waiting: yes\r\nFax-Message: 7/7\r\n' },
    { title: 'a count is no number', body: 'Messages-Waiting: yes\r\nVoice-Message: many/few\r\n' },
    { title: 'a count is negative', body: 'Messages-Waiting: yes\r\nVoice-Message: -1/0\r\n' },
    { title: 'a count is beyond 2^32-1', body: 'Messages-Waiting: yes\r\nVoice-Message: 4294967296/0\r\n' },
    { title: 'counts stand behind an empty line', body: 'Messages-Waiting: yes\r\n\r\nVoice-Message: 1/0\r\n' },
    {
      title: 'counts stand too far down',
      body: `Messages-Waiting: yes\r\nX: ${'x'.repeat(MAX_SUMMARY_LENGTH)}\r\nVoice-Message: 1/0\r\n`,
    },
  ])('has no total where $title', ({ body }) => {
    const summary = parseMessageSummary(body);
    expect(summary).not.toBeNull();
    expect(summary === null ? 0 : totalOf(summary)).toBeNull();
  });

  it.each(['', 'v=0\r\no=a 1 1 IN IP4 127.0.0.1\r\n', '<presence/>', 'Message-Account: sip:1001@pbx\r\n'])(
    'is none: %j',
    (body) => expect(parseMessageSummary(body)).toBeNull(),
  );

  it('what is written is read again, however it is written', () => {
    const count = fc.integer({ min: 0, max: 2 ** 32 - 1 });
    const blanks = fc.constantFrom('', ' ', '\t', '\r\n ', '\n\t');
    fc.assert(
      fc.property(
        count,
        count,
        blanks,
        fc.constantFrom('\n', '\r\n'),
        fc.boolean(),
        (fresh, old, space, end, upper) => {
          const text = `Messages-Waiting:${space}yes${end}Voice-Message:${space}${fresh}/${old}${end}`;
          const summary = parseMessageSummary(upper ? text.toUpperCase() : text);
          expect(summary).toEqual({ waiting: true, account: null, voice: { new: fresh, old, urgent: null } });
        },
      ),
    );
  });

  it('anything at all is read without an error, and never as more than it says', () => {
    const line = fc.tuple(
      fc.constantFrom('Messages-Waiting', 'Voice-Message', 'Message-Account', 'x'),
      fc.constantFrom(':', '', ' : '),
      fc.oneof(fc.string(), fc.constantFrom('yes', '1/2', '1/2 (3/4)', '9'.repeat(400))),
      fc.constantFrom('\r\n', '\n', '\r', ''),
    );
    const body = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.array(line).map((lines) => lines.flat().join('')),
    );
    fc.assert(
      fc.property(body, (text) => {
        const summary = parseMessageSummary(text);
        const total = summary === null ? null : totalOf(summary);
        expect(total === null || (Number.isSafeInteger(total) && total >= 0 && /voice-message/i.test(text))).toBe(true);
      }),
    );
  });
});
