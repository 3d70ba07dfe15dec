import { createTransport } from 'nodemailer';
import { describe, expect, it } from 'vitest';
import { readableMail } from '../../src/cli/mail.ts';

const text = `Vous avez manqué un appel de Zoé.\n\n${'très long '.repeat(20)}\n= fin`;

describe('a mail as a person reads it', () => {
  it.each(['quoted-printable', 'base64', '7bit'] as const)(
    'its headers and its text, not its HTML: %s',
    async (encoding) => {
      const words = encoding === '7bit' ? 'Plain words.\n\nMore.' : text;
      const { message } = await createTransport({ streamTransport: true, buffer: true, newline: 'unix' }).sendMail({
        from: 'gw@example.com',
        to: 'Alice Martin <alice@example.com>',
        subject: 'Missed call',
        text: words,
        html: '<p>secret</p>',
        textEncoding: encoding === '7bit' ? undefined : encoding,
      });
      const shown = readableMail((message as Buffer).toString());
      expect(shown).toContain('To: Alice Martin <alice@example.com>\n');
      expect(shown.endsWith(`\n\n${words}`)).toBe(true);
      expect(shown).not.toMatch(/secret|boundary|--/);
    },
  );
});
