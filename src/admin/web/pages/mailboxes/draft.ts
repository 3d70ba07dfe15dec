import type { Mailbox } from '../../api/contract.ts';

/** A mailbox as a form has it: what is not set is an empty text. */
export interface Draft {
  readonly identity: string;
  readonly displayName: string;
  readonly emailAddress: string;
  readonly extensions: readonly string[];
  readonly sipAddresses: readonly string[];
  readonly mailboxPolicy: string;
  readonly missedCallNotificationEnabled: boolean;
  readonly language: string;
  readonly timeZone: string;
}

export function draftOf(mailbox: Mailbox): Draft {
  const { emailAddress, language, timeZone } = mailbox;
  return { ...mailbox, emailAddress: emailAddress ?? '', language: language ?? '', timeZone: timeZone ?? '' };
}

type Changed = { -readonly [Key in keyof Draft]?: Draft[Key] extends readonly string[] ? string[] : Draft[Key] | null };

/** As the API takes it. */
export function bodyOf(changes: Partial<Draft>) {
  const body: Changed = {};
  if (changes.identity !== undefined) body.identity = changes.identity.trim();
  if (changes.displayName !== undefined) body.displayName = changes.displayName.trim();
  if (changes.mailboxPolicy !== undefined) body.mailboxPolicy = changes.mailboxPolicy;
  if (changes.extensions !== undefined) body.extensions = [...changes.extensions];
  if (changes.sipAddresses !== undefined) body.sipAddresses = [...changes.sipAddresses];
  if (changes.missedCallNotificationEnabled !== undefined) {
    body.missedCallNotificationEnabled = changes.missedCallNotificationEnabled;
  }
  for (const key of ['emailAddress', 'language', 'timeZone'] as const) {
    if (changes[key] !== undefined) body[key] = changes[key].trim() || null;
  }
  return body as { [Key in keyof Changed]: Exclude<Changed[Key], null> } & {
    emailAddress?: string | null;
    language?: string | null;
    timeZone?: string | null;
  };
}
