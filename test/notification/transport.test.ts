import { describe, expect, it } from 'vitest';
import { MailTransportError, openMailTransport, retryDelayMs, smtpOptions } from '../../src/notification/index.ts';
import { deliveryFailure } from '../../src/notification/email/smtp.ts';
import { FIRST_RETRY_MS, LONGEST_RETRY_MS } from '../../src/notification/index.ts';

describe('the transport setting', () => {
  it.each([
    ['smtp://mail.example.com', { host: 'mail.example.com', port: 25, tls: 'opportunistic' }],
    ['smtp://127.0.0.1:2525', { host: '127.0.0.1', port: 2525, tls: 'opportunistic' }],
    ['smtp://[::1]:2525', { host: '::1', port: 2525, tls: 'opportunistic' }],
    ['smtps://mail.example.com', { host: 'mail.example.com', port: 465, tls: 'implicit' }],
    ['smtp://mail.example.com:587?tls=required', { host: 'mail.example.com', port: 587, tls: 'required' }],
    ['smtp://mail.example.com?tls=off', { host: 'mail.example.com', port: 25, tls: 'off' }],
    // A password never goes over a wire in the clear.
    ['smtp://u%40x:p%3Aw@mail.example.com:587', { host: 'mail.example.com', port: 587, tls: 'required', username: 'u@x', password: 'p:w' }],
    ['smtp://u:p@127.0.0.1', { host: '127.0.0.1', port: 25, tls: 'opportunistic', username: 'u', password: 'p' }],
  ])('%s means %j', (setting, expected) => {
    expect(smtpOptions(setting)).toEqual(expected);
  }); // prettier-ignore

  it('takes the password from elsewhere, so that it can stay out of the URI', () => {
    expect(smtpOptions('smtp://mail.example.com', { username: 'u', password: 'p' })).toMatchObject({
      username: 'u',
      password: 'p',
      tls: 'required',
    });
  });

  it.each([
    ['', /is no mail transport. Write smtp:\/\/host:port/],
    ['mail.example.com', /is no mail transport/],
    ['http://mail.example.com', /is no mail transport/],
    ['smtp://', /is no mail transport/],
    ['smtp://host:99999', /is no mail transport/],
    ['smtp://host/path', /nothing may follow the port/],
    ['smtp://host?tls=maybe', /tls is off, opportunistic or required/],
    ['maildir:', /names no folder/],
  ])('%j is refused', async (setting, message) => {
    const opened = openMailTransport(setting);
    await expect(opened).rejects.toThrow(MailTransportError);
    await expect(opened).rejects.toThrow(message);
  });

  it('never shows a password in its errors', async () => {
    await expect(openMailTransport('smtp://u:hunter2@host/path')).rejects.toThrow(/^(?!.*hunter2)/);
    await expect(openMailTransport('imap://u:hunter2@host')).rejects.toThrow(/^(?!.*hunter2)/);
    await expect(openMailTransport('smtp://u:hunter2@host?tls=x')).rejects.toThrow(/^(?!.*hunter2)/);
  });
});

describe('a failed delivery', () => {
  const failure = (command: string | undefined, responseCode?: number, code = 'EENVELOPE') =>
    deliveryFailure(
      Object.assign(new Error('refused'), {
        code,
        ...(command === undefined ? {} : { command }),
        ...(responseCode === undefined ? {} : { responseCode, permanent: responseCode >= 500 && responseCode !== 503 }),
      }),
    ).kind;

  it.each([
    ['RCPT TO', 550, 'dead'],
    ['RCPT TO', 553, 'dead'],
    ['RCPT TO', 450, 'retry'],
    ['RCPT TO', 421, 'retry'],
    // Said of the session, though it comes to RCPT.
    ['RCPT TO', 503, 'retry'],
    ['RCPT TO', 530, 'retry'],
    ['RCPT TO', 535, 'retry'],
    ['DATA', 554, 'dead'],
    ['DATA', 552, 'dead'],
    ['DATA', 451, 'retry'],
    ['MAIL FROM', 550, 'retry'],
    ['MAIL FROM', 530, 'retry'],
    ['AUTH PLAIN', 535, 'retry'],
    ['EHLO', 550, 'retry'],
    ['STARTTLS', 554, 'retry'],
    ['CONN', 554, 'retry'],
    ['CONN', undefined, 'retry'],
    ['API', undefined, 'retry'],
    [undefined, undefined, 'retry'],
  ] as const)('at %s with %s is %s', (command, responseCode, kind) => {
    expect(failure(command, responseCode)).toBe(kind);
  });
});

describe('the wait before the next attempt', () => {
  it('begins at 2 s, doubles, and ends at 5 min', () => {
    const waits = Array.from({ length: 12 }, (_, i) => retryDelayMs(i + 1, 0));
    expect(waits.slice(0, 7)).toEqual([2_000, 4_000, 8_000, 16_000, 32_000, 64_000, 128_000]);
    expect(new Set(waits.slice(7))).toEqual(new Set([240_000]));
    expect(retryDelayMs(1_000_000, 0.999_999_9)).toBe(LONGEST_RETRY_MS);
  });

  it('differs at random, and never leaves these bounds', () => {
    for (const random of [0, 0.3, 0.999_999]) {
      for (let attempts = 0; attempts < 40; attempts += 1) {
        expect(retryDelayMs(attempts, random)).toBeGreaterThanOrEqual(FIRST_RETRY_MS);
        expect(retryDelayMs(attempts, random)).toBeLessThanOrEqual(LONGEST_RETRY_MS);
      }
    }
    expect(retryDelayMs(5, 0.9)).toBeGreaterThan(retryDelayMs(5, 0.1));
  });
});
