import type { NotificationRecord } from '../journal/index.ts';
import { type ShownCaller, shownCaller } from './caller.ts';
import { mailHtml } from './html.ts';
import { type Catalogue, catalogueFor } from './languages/index.ts';
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

/** Column at which text is wrapped: short enough to go unencoded (RFC 5322 2.1.1), so that the stored mail can be read as it is. */
const TEXT_WIDTH = 74;

/** One missed call, in the reader's words. */
interface Facts {
  readonly who: string;
  readonly caller: ShownCaller;
  readonly callee: string;
  readonly rows: readonly { readonly label: string; readonly value: string }[];
}

/**
 * The e-mail about one missed call: text and HTML, in the recipient's language and time zone. Pure: the same notification
 * gives the same mail at every attempt.
 *
 * Headers: `Content-Class: missedcall` and the X- headers are those Exchange UM wrote (MS-OXCMAIL 2.1.3.2.2, 2.2.3.2.23);
 * `X-CalledTelephoneNumber` is ours. `Auto-Submitted` (RFC 3834) and `X-Auto-Response-Suppress` keep autoresponders quiet.
 */
export function renderMail(notification: NotificationRecord, settings: MailSettings): RenderedMail {
  const { content } = notification;
  const words = catalogueFor(content.recipient.language);
  const facts = gatherFacts(notification, words);
  const subject = plainText(words.subject(facts.who), MAX_SUBJECT_LENGTH);
  return {
    id: notification.id,
    attempt: notification.attempts,
    messageId: notification.messageId,
    from: settings.from,
    to: {
      name: plainText(content.recipient.displayName, MAX_RECIPIENT_NAME_LENGTH),
      address: content.recipient.address,
    },
    ...(settings.replyTo === undefined ? {} : { replyTo: settings.replyTo }),
    subject,
    text: mailText(facts, words),
    html: mailHtml({
      language: words.language,
      title: subject,
      who: facts.who,
      number: facts.caller.name === null ? null : facts.caller.number,
      sentence: words.missed(facts.who),
      rows: facts.rows,
      links: facts.caller.links.map((uri) => ({ uri, text: `${words.labels.callBack} ${uri.replace(/^\w+:/, '')}` })),
      footer: words.footer,
    }),
    date: new Date(notification.createdAt),
    headers: headers(facts, plainText(content.sipCallId, MAX_CALL_ID_LENGTH)),
  };
}

function gatherFacts({ content }: NotificationRecord, words: Catalogue): Facts {
  const caller = shownCaller(content.caller);
  const callee = plainText(content.callee, MAX_CALLEE_LENGTH);
  const { language, timeZone } = content.recipient;
  // The date is in the language of the words around it.
  const locale = language.toLowerCase().startsWith(words.language) ? language : 'en-GB';
  const { labels } = words;
  return {
    who: caller.hidden ? words.hiddenCaller : (caller.name ?? caller.number ?? words.unknownCaller),
    caller,
    callee,
    rows: [
      { label: labels.arrived, value: formatMoment(content.startedAt, locale, timeZone) },
      { label: labels.rang, value: words.rang(content.rangMs) },
      { label: labels.dialled, value: callee },
      { label: labels.reason, value: content.cause === null ? words.notAnswered : words.causes[content.cause] },
    ],
  };
}

function mailText({ who, caller, rows }: Facts, words: Catalogue): string {
  const { labels } = words;
  const number = caller.name !== null && caller.number !== null ? `, ${caller.number}` : '';
  const lines = [
    { label: labels.caller, value: `${who}${number}` },
    ...rows,
    ...caller.links.map((uri) => ({ label: labels.callBack, value: uri })),
  ];
  const width = Math.max(...lines.map(({ label }) => label.length)) + words.colon.length + 2;
  const indent = `\n${' '.repeat(width)}`;
  const table = lines.map(
    ({ label, value }) => `${label}${words.colon}`.padEnd(width) + wrap(value, TEXT_WIDTH - width).join(indent),
  );
  // RFC 3676 4.3: `-- ` begins a signature.
  return `${wrap(words.missed(who), TEXT_WIDTH).join('\n')}\n\n${table.join('\n')}\n\n-- \n${wrap(words.footer, TEXT_WIDTH).join('\n')}\n`;
}

/** Lines of at most `width` characters, broken at spaces outside parentheses; a longer piece stays whole. */
function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(/ (?![^(]*\))/)) {
    const line = lines.at(-1);
    if (line === undefined || line.length + 1 + word.length > width) lines.push(word);
    else lines[lines.length - 1] = `${line} ${word}`;
  }
  return lines;
}

function headers({ caller, callee }: Facts, callId: string): Record<string, string> {
  return {
    'Content-Class': 'missedcall',
    ...header('X-CallingTelephoneNumber', caller.number ?? ''),
    ...header('X-CalledTelephoneNumber', callee),
    // RFC 3323 4.1: who made the Call-ID wrote the caller's host into it, as many do.
    ...(caller.hidden ? {} : header('X-CallID', callId)),
    'Auto-Submitted': 'auto-generated',
    'X-Auto-Response-Suppress': 'All',
  };
}

/** Programs read these: a value that would have to be encoded (RFC 2047) is left out. */
function header(name: string, value: string): Record<string, string> {
  return /^[ !#-~]+$/.test(value) ? { [name]: value } : {};
}
