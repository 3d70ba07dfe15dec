import { describe, expect, it } from 'vitest';
import { CAUSES } from '../../src/call/index.ts';
import { renderMail } from '../../src/notification/index.ts';
import { composeMail } from '../../src/notification/email/message.ts';
import { ARRIVED, FROM, content, notification } from './support.ts';

const settings = { from: FROM };
const english = notification();
const inFrench = { recipient: { ...content().recipient, language: 'fr-FR' } };
const french = notification({}, inFrench);

describe('a missed-call mail', () => {
  it('tells in English who called, when it arrived, how long it rang, which number, and why', () => {
    const { subject, text } = renderMail(english, settings);
    expect(subject).toBe('Missed call from Zoe Leblanc');
    expect(text).toBe(
      [
        'You missed a call from Zoe Leblanc.',
        '',
        'Caller:       Zoe Leblanc, +33140005678',
        'Arrived:      Monday, 16 November 2026 at 14:03',
        '              (Central European Standard Time)',
        'Rang for:     12 seconds',
        'Your number:  1001',
        'Why:          The caller hung up before anyone answered.',
        'Call back:    tel:+33140005678',
        'Call back:    sip:+33140005678@pbx.example.com',
        '',
        '-- ',
        'You receive this message because missed-call notifications are turned on',
        'for your number. Your administrator can turn them off.',
        '',
      ].join('\n'),
    );
  });

  it('tells the same in French to a reader of French', () => {
    const { subject, text, html } = renderMail(french, settings);
    expect(subject).toBe('Appel manqué de Zoe Leblanc');
    expect(text).toBe(
      [
        'Vous avez manqué un appel de Zoe Leblanc.',
        '',
        'Appelant\u00a0:      Zoe Leblanc, +33140005678',
        'Reçu\u00a0:          lundi 16 novembre 2026 à 14:03',
        '                (heure normale d’Europe centrale)',
        'Sonnerie\u00a0:      12 secondes',
        'Votre numéro\u00a0:  1001',
        'Motif\u00a0:         L’appelant a raccroché avant que quelqu’un ne réponde.',
        'Rappeler\u00a0:      tel:+33140005678',
        'Rappeler\u00a0:      sip:+33140005678@pbx.example.com',
        '',
        '-- ',
        'Vous recevez ce message parce que les notifications d’appel manqué sont',
        'activées pour votre numéro. Votre administrateur peut les désactiver.',
        '',
      ].join('\n'),
    );
    expect(html).toContain('<html lang="fr">');
  });

  it.each([
    ['fr', 'Appel manqué de'],
    ['FR-ca', 'Appel manqué de'],
    ['en-US', 'Missed call from'],
    ['de-DE', 'Missed call from'],
    ['fro', 'Missed call from'],
    ['', 'Missed call from'],
    ['not a language', 'Missed call from'],
  ])('in the language %j begins its subject with %j', (language, beginning) => {
    const mail = renderMail(notification({}, { recipient: { ...content().recipient, language } }), settings);
    expect(mail.subject.startsWith(beginning)).toBe(true);
  });

  it('shows the time in the reader’s zone, and in UTC where the zone is unknown', () => {
    const inZone = (timeZone: string): string =>
      renderMail(notification({}, { recipient: { ...content().recipient, timeZone } }), settings).text;
    expect(inZone('Asia/Tokyo')).toContain('Monday, 16 November 2026 at 22:03 (Japan Standard Time)');
    expect(inZone('Pacific/Auckland')).toContain('Tuesday, 17 November 2026 at 02:03');
    expect(inZone('Mars/Olympus')).toContain(
      'Monday, 16 November 2026 at 13:03\n              (Coordinated Universal Time)',
    );
  });

  it('is dated when the notification was made, and comes from the configured sender', () => {
    const mail = renderMail(english, settings);
    expect(mail.date).toEqual(new Date(ARRIVED + 30_000));
    expect(mail.from).toBe(FROM);
    expect(mail.to).toEqual({ name: 'Alice Martin', address: 'alice@example.com' });
    expect(mail).not.toHaveProperty('replyTo');
    expect(renderMail(english, { ...settings, replyTo: 'help@example.com' }).replyTo).toBe('help@example.com');
  });

  it('has the headers of Exchange UM and those that keep autoresponders quiet', () => {
    expect(renderMail(english, settings).headers).toEqual({
      'Content-Class': 'missedcall',
      'X-CallingTelephoneNumber': '+33140005678',
      'X-CalledTelephoneNumber': '1001',
      'X-CallID': 'a84b4c76e66710@pc33.example.com',
      'Auto-Submitted': 'auto-generated',
      'X-Auto-Response-Suppress': 'All',
    });
  });

  it('is the same at every attempt', () => {
    const { attempt: first, ...once } = renderMail({ ...english, attempts: 1 }, settings);
    const { attempt: fifth, ...again } = renderMail({ ...english, attempts: 5 }, settings);
    expect([first, fifth]).toEqual([1, 5]);
    expect(again).toEqual(once);
    const composed = composeMail(renderMail(english, settings));
    expect(composeMail(renderMail({ ...english, attempts: 5 }, settings))).toEqual(composed);
  });

  it('loads nothing from anywhere', () => {
    const { html } = renderMail(english, settings);
    expect(html).not.toMatch(/\b(src|background)=|url\(|@import|https?:|<(img|link|script|iframe|object)\b/i);
  });
});

describe('how long it rang', () => {
  it.each([
    [null, 'It did not ring', 'Le téléphone n’a pas sonné'],
    [0, 'Less than a second', 'Moins d’une seconde'],
    [499, 'Less than a second', 'Moins d’une seconde'],
    [500, '1 second', '1 seconde'],
    [1_400, '1 second', '1 seconde'],
    [20_000, '20 seconds', '20 secondes'],
    [59_600, '1 minute', '1 minute'],
    [61_000, '1 minute 1 second', '1 minute 1 seconde'],
    [125_000, '2 minutes 5 seconds', '2 minutes 5 secondes'],
  ])('%j ms is %j, %j', (rangMs, inEnglish, french) => {
    expect(renderMail(notification({}, { rangMs }), settings).text).toContain(`Rang for:     ${inEnglish}\n`);
    expect(renderMail(notification({}, { ...inFrench, rangMs }), settings).text).toContain(
      `Sonnerie\u00a0:      ${french}\n`,
    );
  });
});

describe('why a call counts as missed', () => {
  const why = (cause: (typeof CAUSES)[number] | null, changes = {}): string => {
    const { text } = renderMail(notification({}, { ...changes, cause }), settings);
    return text.replace(/\n {10,}/g, ' ');
  };

  it.each([...CAUSES, null])('is said in words for %j, in both languages', (cause) => {
    expect(why(cause)).toMatch(/\nWhy: {10}[A-Z][^\n]+\.\n/);
    expect(why(cause, inFrench)).toMatch(/\nMotif\u00a0: {9}[A-Z][^\n]+\.\n/);
  });

  it('never says that the reader declined', () => {
    expect(why('declined')).not.toMatch(/you (have )?(declined|refused|rejected)/i);
    expect(why('declined', inFrench)).not.toMatch(/vous avez (refusé|rejeté|décliné)/i);
  });

  it('differs where the reader would want to know', () => {
    const told = ['caller-hung-up', 'no-answer', 'busy', 'declined', 'unreachable', 'voicemail-abandoned'] as const;
    expect(new Set(told.map((cause) => why(cause))).size).toBe(told.length);
  });
});

describe('the caller', () => {
  const shown = (caller: Partial<ReturnType<typeof content>['caller']>) => {
    const base = { number: null, uri: 'sip:example.com', displayName: null, hidden: false };
    return renderMail(notification({}, { caller: { ...base, ...caller } }), settings);
  };
  const links = (html: string): string[] => [...html.matchAll(/href="([^"]*)"/g)].map(([, href]) => href ?? '');

  it('who is hidden is shown by nothing at all', () => {
    const caller = { number: '+33140005678', uri: 'sip:zoe@example.com', displayName: 'Zoe', hidden: true };
    for (const [changes, name] of [
      [{}, 'Anonymous'],
      [inFrench, 'Numéro masqué'],
    ] as const) {
      const sipCallId = 'a84b4c76e66710@zoe.example.com';
      const mail = renderMail(notification({}, { ...changes, caller, sipCallId }), settings);
      expect(mail.subject).toContain(name);
      expect(JSON.stringify(mail)).not.toMatch(/33140005678|zoe/i);
      expect(mail.headers).not.toHaveProperty('X-CallingTelephoneNumber');
      expect(mail.headers).not.toHaveProperty('X-CallID');
      expect(links(mail.html)).toEqual([]);
    }
  });

  it('without a name is called by the number', () => {
    const mail = shown({ number: '1002', uri: 'sip:1002@10.0.0.5:5060' });
    expect(mail.subject).toBe('Missed call from 1002');
    expect(mail.text).toContain('Caller:       1002\n');
    expect(links(mail.html)).toEqual(['tel:1002', 'sip:1002@10.0.0.5:5060']);
  });

  it('whose name repeats the number is named once', () => {
    const mail = shown({ number: '+33140005678', uri: 'tel:+33140005678', displayName: '+33 1 40 00 56 78' });
    expect(mail.text).toContain('Caller:       +33140005678\n');
  });

  it('with a SIP name in place of a number is called by the whole address', () => {
    const mail = shown({ number: 'zoe', uri: 'sips:zoe@example.com;transport=tls' });
    expect(mail.subject).toBe('Missed call from zoe@example.com');
    expect(links(mail.html)).toEqual(['sips:zoe@example.com']);
    expect(mail.headers['X-CallingTelephoneNumber']).toBe('zoe@example.com');
  });

  it('with nothing to show is unknown', () => {
    const mail = shown({ displayName: '  ' });
    expect(mail.subject).toBe('Missed call from Unknown caller');
    expect(mail.headers).not.toHaveProperty('X-CallingTelephoneNumber');
    expect(links(mail.html)).toEqual([]);
  });

  it.each([
    ['javascript:alert(1)', null],
    ['sip:a"onmouseover="x@example.com', null],
    ['sip:a<b>@example.com', null],
    ['sip:a@example.com?Subject=x&body=y', null],
    ['sip:a:secret@example.com', null],
    ['sip:a@exam ple.com', null],
    ['sip:a@anonymous.invalid', null],
    [`sip:${'a'.repeat(200)}@example.com`, null],
    ['tel:javascript', 'tel:x'],
    ['sip:1@example.com\r\nBcc: x@y', '1;phone-context=x'],
    ['mailto:a@example.com', '+123456789012345678901234567890'],
  ])('whose URI is %j (number %j) gets no link', (uri, number) => {
    expect(links(shown({ uri, number }).html)).toEqual([]);
  });

  it.each([
    ['tel:+33-1-40-00-56-78;phone-context=x', null, ['tel:+33140005678']],
    ['sip:a%20b@[2001:db8::1]:5062', null, ['sip:a%20b@[2001:db8::1]:5062']],
    ['sip:x@anonymous.invalid', '(01) 40.00', ['tel:014000']],
  ])('whose URI is %j (number %j) is called back at %j', (uri, number, expected) => {
    expect(links(shown({ uri, number }).html)).toEqual(expected);
  });

  it('with a long name is cut short', () => {
    const mail = shown({
      displayName: 'x'.repeat(60_000),
      number: '9'.repeat(60_000),
      uri: `sip:${'9'.repeat(60_000)}@h`,
    });
    expect(mail.subject).toBe(`Missed call from ${'x'.repeat(79)}…`);
    expect(mail.html.length).toBeLessThan(6_000);
  });

  it('cannot reorder the reader’s line, nor paint over it', () => {
    const mail = shown({
      displayName: '\u202Eevil\u2066 \u0000\u200B\uFEFF\u00ADname' + '\u0301'.repeat(50),
      number: '1',
    });
    expect(mail.subject).toBe('Missed call from evil nam\u00E9\u0301\u0301\u0301\u0301');
  });
});
