import fc from 'fast-check';
import { simpleParser } from 'mailparser';
import { describe, expect, it } from 'vitest';
import { renderMail } from '../../src/notification/index.ts';
import { composeMail, MAX_LINE_LENGTH } from '../../src/notification/email/message.ts';
import { MAX_NAME_LENGTH } from '../../src/notification/caller.ts';
import { MAX_SUBJECT_LENGTH } from '../../src/notification/render.ts';
import { escapeHtml, plainText } from '../../src/notification/text.ts';
import { FROM, content, notification } from './support.ts';

/** Text as an attacker would choose it: line breaks, header lines, tags, encoded words, directions, lone surrogates. */
const hostile = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 200 }),
  fc
    .array(
      fc.constantFrom(
        '\r\n', '\n', '\r', '\u2028', '\u0085', '\0', '\u001b[31m', '\u202e', '\u2066', '\ud800', '\ufeff',
        'Bcc: eve@example.org', '\r\n\r\n', '\r\n.\r\n', 'X-Evil: 1', '=?utf-8?Q?a=0D=0ABcc:_eve=40example.org?=',
        '=?utf-8?B?', '?=', '"', "'", '<', '>', '&', '&lt;', '<script>alert(1)</script>', '"><img src=x onerror=x>',
        '</title>', '<!--', '-->', 'javascript:', ',', ';', ':', '@', '(', ')', '\\', ' ', 'é', '漢', '😀', 'a', '1', '+33',
      ),
      { maxLength: 30 },
    )
    .map((parts) => parts.join('')),
); // prettier-ignore

const mails = fc
  .record({
    number: fc.option(hostile),
    uri: fc.oneof(
      hostile,
      hostile.map((text) => `sip:${text}@example.com`),
      hostile.map((text) => `sip:a@${text}`),
      hostile.map((text) => `tel:${text}`),
    ),
    displayName: fc.option(hostile),
    hidden: fc.boolean(),
    callee: hostile,
    sipCallId: hostile,
    recipientName: hostile,
    language: fc.constantFrom('en', 'fr-FR'),
  })
  .map(({ callee, sipCallId, recipientName, language, ...caller }) =>
    renderMail(
      notification(
        {},
        { caller, callee, sipCallId, recipient: { ...content().recipient, displayName: recipientName, language } },
      ),
      { from: FROM },
    ),
  );

function headerNames(message: string): string[] {
  const head = message.slice(0, message.indexOf('\r\n\r\n'));
  const unfolded = head.replace(/\r\n[ \t]/g, ' ');
  return unfolded.split('\r\n').map((line) => line.slice(0, line.indexOf(':')));
}

const tags = (html: string): string[] =>
  [...html.matchAll(/<[^>]*>?/g)].map(([tag]) => tag.replace(/ href="[^"]*"/, ' href'));

describe('whatever a caller sends', () => {
  it('adds no header line, and every header reads back as it was rendered', async () => {
    await fc.assert(
      fc.asyncProperty(mails, async (mail) => {
        const { message } = composeMail(mail);
        expect(headerNames(message)).toEqual([
          ...Object.keys(mail.headers),
          'From', 'To', 'Subject', 'Message-ID', 'Date', 'MIME-Version', 'Content-Type',
        ]); // prettier-ignore
        const parsed = await simpleParser(message);
        expect(parsed.subject).toBe(mail.subject);
        expect(parsed.messageId).toBe(mail.messageId);
        expect(parsed.from?.text).toBe('"Missed calls" <missed-calls@example.com>');
        expect([parsed.to].flat()).toHaveLength(1);
        expect([parsed.to].flat()[0]?.value).toEqual([{ name: mail.to.name, address: mail.to.address }]);
        for (const [name, value] of Object.entries(mail.headers)) {
          expect(parsed.headers.get(name.toLowerCase())).toBe(value);
        }
        expect(parsed.attachments).toEqual([]);
      }),
      { numRuns: 300 },
    );
  });

  it('reaches the reader’s text and page as text', async () => {
    await fc.assert(
      fc.asyncProperty(mails, async (mail) => {
        const parsed = await simpleParser(composeMail(mail).message);
        expect(parsed.text?.replace(/\n+$/, '')).toBe(mail.text.replace(/\n+$/, ''));
        expect(String(parsed.html).replace(/\n+$/, '')).toBe(mail.html.replace(/\n+$/, ''));
      }),
      { numRuns: 100 },
    );
  });

  it('adds no tag and no attribute to the page', () => {
    const allowed = new Set(
      [null, 'Zoe'].flatMap((displayName) =>
        ['en', 'fr'].flatMap((language) =>
          tags(
            renderMail(
              notification(
                {},
                { caller: { ...content().caller, displayName }, recipient: { ...content().recipient, language } },
              ),
              { from: FROM },
            ).html,
          ),
        ),
      ),
    );
    fc.assert(
      fc.property(mails, ({ html }) => {
        expect(tags(html).filter((tag) => !allowed.has(tag))).toEqual([]);
        for (const [, href] of html.matchAll(/href="([^"]*)"/g)) expect(href).toMatch(/^(tel|sips?):[^\s<>"']+$/);
      }),
      { numRuns: 500 },
    );
  });

  it('leaves no control, no line break and no bidirectional character in any header value or line of text', () => {
    fc.assert(
      fc.property(mails, (mail) => {
        const values = [mail.subject, mail.to.name, ...Object.values(mail.headers), ...mail.text.split('\n')];
        for (const value of values) {
          expect(value).not.toMatch(/[\p{Cc}\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069]/u);
          expect(value.isWellFormed()).toBe(true);
        }
        expect(Array.from(mail.subject).length).toBeLessThanOrEqual(MAX_SUBJECT_LENGTH);
      }),
      { numRuns: 500 },
    );
  });

  it('never makes a line longer than a mail may have, nor needs more than ASCII (RFC 5322 2.1.1, 2.2)', () => {
    fc.assert(
      fc.property(mails, (mail) => {
        const { message } = composeMail(mail);
        expect(message).toMatch(/^[\t\r\n -~]*$/);
        expect(message.replaceAll('\r\n', '')).not.toMatch(/[\r\n]/);
        const longest = Math.max(...message.split('\r\n').map(({ length }) => length));
        expect(longest).toBeLessThanOrEqual(MAX_LINE_LENGTH);
      }),
      { numRuns: 500 },
    );
  });
});

describe('plainText', () => {
  it('is at most as long as asked, trimmed, and plain already the second time', () => {
    fc.assert(
      fc.property(hostile, fc.integer({ min: 1, max: MAX_NAME_LENGTH }), (text, maxLength) => {
        const once = plainText(text, maxLength);
        expect(Array.from(once).length).toBeLessThanOrEqual(maxLength);
        expect(once.trim()).toBe(once);
        expect(plainText(once, maxLength)).toBe(once);
      }),
    );
  });

  it('leaves ordinary names of any script as they are', () => {
    for (const name of [
      'Zoé Leblanc',
      'Jörg Müller-Lüdenscheidt',
      '山田 太郎',
      'Ольга',
      'محمد',
      'می‌خواهم',
      '👩‍👩‍👧',
      "O'Brien & Söhne <GmbH>",
    ]) {
      expect(plainText(name, MAX_NAME_LENGTH)).toBe(name.normalize('NFC'));
    }
  });

  it('costs little, however long its input', () => {
    const began = performance.now();
    for (const filler of [' ', '\u0301', '(', 'x', '\u202e']) plainText(filler.repeat(1_000_000), MAX_NAME_LENGTH);
    expect(performance.now() - began).toBeLessThan(1_000);
  });
});

describe('escapeHtml', () => {
  it('leaves nothing that ends a text or an attribute', () => {
    fc.assert(
      fc.property(hostile, (text) => {
        expect(escapeHtml(text)).not.toMatch(/[<>"']|[^\0-\x7f]|&(?!(amp|lt|gt|quot|#\d+);)/);
      }),
    );
  });
});
