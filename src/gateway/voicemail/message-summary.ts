/** `application/simple-message-summary`, as voicemail systems send it in a NOTIFY (RFC 3842 5.2). */

export interface MessageSummary {
  /** `Messages-Waiting`; null where it is not said. */
  readonly waiting: boolean | null;
  /** `Message-Account`: whose messages they are; null where it is not said. */
  readonly account: string | null;
  /** `Voice-Message: new/old (urgent new/urgent old)`; null where it is not said, or cannot be read. */
  readonly voice: VoiceMessages | null;
}

export interface VoiceMessages {
  readonly new: number;
  readonly old: number;
  /** Of `new` and `old`, those that are urgent. */
  readonly urgent: { readonly new: number; readonly old: number } | null;
}

/** The media type, without parameters. */
export const MESSAGE_SUMMARY_TYPE = 'application/simple-message-summary';
/** A summary is a few lines; what stands further down are headers of single messages, or nothing good. */
export const MAX_SUMMARY_LENGTH = 4_096;
const MAX_ACCOUNT_LENGTH = 256;
/** RFC 3842 5.2: counts are at most 2^32-1. */
const MAX_COUNT = 2 ** 32 - 1;

const COUNTS = /^(\d{1,10})\s*\/\s*(\d{1,10})\s*(?:\(\s*(\d{1,10})\s*\/\s*(\d{1,10})\s*\)\s*)?$/;

/**
 * Reads a message summary: names in any case, folded lines, with or without CR. What stands twice counts the first time;
 * what cannot be read is as if it did not stand there. Never throws.
 * @returns null where it is none at all: neither `Messages-Waiting` nor `Voice-Message` stands in it
 */
export function parseMessageSummary(body: string): MessageSummary | null {
  const lines = summaryLines(body);
  const waiting = lines.get('messages-waiting')?.toLowerCase();
  const voice = lines.get('voice-message');
  if (waiting === undefined && voice === undefined) return null;
  const account = lines.get('message-account') ?? '';
  return {
    waiting: waiting === 'yes' ? true : waiting === 'no' ? false : null,
    account: account === '' ? null : account.slice(0, MAX_ACCOUNT_LENGTH),
    voice: voice === undefined ? null : parseCounts(voice),
  };
}

/**
 * New and old messages together. Null where the summary does not say: `Messages-Waiting: no` alone says that nothing is new,
 * and nothing of the old ones; a guessed 0 would make the next full count look like a message that was just left.
 */
export function totalOf({ voice }: MessageSummary): number | null {
  return voice === null ? null : voice.new + voice.old;
}

/** RFC 3842 5.2: an empty line ends the summary; what follows are headers of messages. */
function summaryLines(body: string): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  const text = body.slice(0, MAX_SUMMARY_LENGTH).replace(/^[\r\n]+/, '');
  const [summary = ''] = text.split(/\r?\n\r?\n/, 1);
  // RFC 3261 7.3.1: a line that begins with white space goes on with the one before.
  for (const line of summary.replaceAll(/\r?\n[ \t]+/g, ' ').split(/\r?\n|\r/)) {
    const colon = line.indexOf(':');
    const name = line.slice(0, Math.max(0, colon)).trim().toLowerCase();
    if (name !== '' && !found.has(name)) found.set(name, line.slice(colon + 1).trim());
  }
  return found;
}

function parseCounts(value: string): VoiceMessages | null {
  const counts = COUNTS.exec(value)?.slice(1);
  if (counts === undefined) return null;
  const [fresh = NaN, old = NaN, urgentNew, urgentOld] = counts.map((text) =>
    text === undefined ? undefined : Number(text),
  );
  if (fresh > MAX_COUNT || old > MAX_COUNT) return null;
  const urgent = urgentNew === undefined || urgentOld === undefined ? null : { new: urgentNew, old: urgentOld };
  return { new: fresh, old, urgent };
}
