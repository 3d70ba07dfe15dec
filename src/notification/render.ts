import type { NotificationRecord } from '../journal/index.ts';
import { type ShownCaller, shownCaller } from './caller.ts';
import { type Catalogue, catalogueFor } from './languages/index.ts';
import { builtInsFor, type MailTemplates } from './templates/built-ins.ts';
import { type TemplatePart, TEXT_WIDTH, wrap } from './templates/syntax.ts';
import type { TemplateView } from './templates/variables.ts';
import { plainText } from './text.ts';
import { formatMoment } from './times.ts';
import type { MailSettings, RenderedMail } from './types.ts';

/** Longest Subject, in characters. */
export const MAX_SUBJECT_LENGTH = 120;
/** Longest dialled number shown. */
export const MAX_CALLEE_LENGTH = 64;
/** Longest Call-ID repeated in a header. */
export const MAX_CALL_ID_LENGTH = 200;
/** Longest display name of the recipient. */
export const MAX_RECIPIENT_NAME_LENGTH = 100;

/**
 * The e-mail about one missed call: text and HTML, in the recipient's language and time zone. Pure: the same notification
 * and templates give the same mail at every attempt.
 *
 * Headers: `Content-Class: missedcall` and the X- headers are those Exchange UM wrote (MS-OXCMAIL 2.1.3.2.2, 2.2.3.2.23);
 * `X-CalledTelephoneNumber` is ours. `Auto-Submitted` (RFC 3834) and `X-Auto-Response-Suppress` keep autoresponders quiet.
 *
 * @param overrides templates that take the place of the built-in ones; one that fails is left out of this mail
 * @param failed told of it
 */
export function renderMail(
  notification: NotificationRecord,
  settings: MailSettings,
  overrides: Partial<MailTemplates> = {},
  failed: (part: TemplatePart, problem: string) => void = () => undefined,
): RenderedMail {
  const { content } = notification;
  const words = catalogueFor(content.recipient.language);
  const caller = shownCaller(content.caller);
  const view = viewOf(notification, caller, words);
  const builtIns = builtInsFor(words);
  const make = (part: TemplatePart, seen: TemplateView): string => {
    try {
      const made = overrides[part]?.(seen);
      if (made !== undefined) return made;
    } catch (error) {
      failed(part, error instanceof Error ? error.message : String(error));
    }
    return builtIns[part](seen);
  };
  const subject = plainText(make('subject', view), MAX_SUBJECT_LENGTH);
  return {
    id: notification.id,
    attempt: notification.attempts,
    messageId: notification.messageId,
    from: settings.from,
    to: { name: view.recipient, address: content.recipient.address },
    ...(settings.replyTo === undefined ? {} : { replyTo: settings.replyTo }),
    subject,
    text: make('text', view),
    html: make('html', { ...view, title: subject }),
    date: new Date(notification.createdAt),
    headers: headers(caller, view.dialled, plainText(content.sipCallId, MAX_CALL_ID_LENGTH)),
  };
}

function viewOf({ content }: NotificationRecord, shown: ShownCaller, words: Catalogue): TemplateView {
  const { labels } = words;
  const { language, timeZone } = content.recipient;
  const caller = shown.hidden ? words.hiddenCaller : (shown.name ?? shown.number ?? words.unknownCaller);
  const dialled = plainText(content.callee, MAX_CALLEE_LENGTH);
  // The date is in the language of the words around it.
  const locale = language.toLowerCase().startsWith(words.language) ? language : 'en-GB';
  const arrived = formatMoment(content.startedAt, locale, timeZone);
  const rang = words.rang(content.rangMs);
  const reason = content.cause === null ? words.notAnswered : words.causes[content.cause];
  const rows = [
    { label: labels.arrived, value: arrived },
    { label: labels.rang, value: rang },
    { label: labels.dialled, value: dialled },
    { label: labels.reason, value: reason },
  ];
  const number = shown.name !== null && shown.number !== null ? `, ${shown.number}` : '';
  return {
    language: words.language,
    title: '',
    caller,
    callerName: shown.name ?? '',
    callerNumber: shown.number ?? '',
    hidden: shown.hidden,
    recipient: plainText(content.recipient.displayName, MAX_RECIPIENT_NAME_LENGTH),
    dialled,
    arrived,
    arrivedAt: new Date(content.startedAt).toISOString(),
    rang,
    rangSeconds: content.rangMs === null ? '' : String(Math.round(content.rangMs / 1000)),
    reason,
    because: content.cause === null ? {} : { [content.cause]: true },
    rows,
    details: aligned(
      [
        { label: labels.caller, value: `${caller}${number}` },
        ...rows,
        ...shown.links.map((uri) => ({ label: labels.callBack, value: uri })),
      ],
      words.colon,
    ),
    callBack: shown.links[0] ?? '',
    links: shown.links.map((uri) => ({ uri, text: `${labels.callBack} ${uri.replace(/^\w+:/, '')}` })),
  };
}

function aligned(lines: readonly { readonly label: string; readonly value: string }[], colon: string): string {
  const width = Math.max(...lines.map(({ label }) => label.length)) + colon.length + 2;
  const indent = `\n${' '.repeat(width)}`;
  return lines
    .map(({ label, value }) => `${label}${colon}`.padEnd(width) + wrap(value, TEXT_WIDTH - width).join(indent))
    .join('\n');
}

function headers({ number, hidden }: ShownCaller, callee: string, callId: string): Record<string, string> {
  return {
    'Content-Class': 'missedcall',
    ...header('X-CallingTelephoneNumber', number ?? ''),
    ...header('X-CalledTelephoneNumber', callee),
    // RFC 3323 4.1: who made the Call-ID wrote the caller's host into it, as many do.
    ...(hidden ? {} : header('X-CallID', callId)),
    'Auto-Submitted': 'auto-generated',
    'X-Auto-Response-Suppress': 'All',
  };
}

/** Programs read these: a value that would have to be encoded (RFC 2047) is left out. */
function header(name: string, value: string): Record<string, string> {
  return /^[ !#-~]+$/.test(value) ? { [name]: value } : {};
}
