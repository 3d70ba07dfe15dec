import type { Cause, DecisionReason, EvidenceKind, EvidenceStrength, Outcome } from '../call/index.ts';
import type { NotificationState } from '../journal/index.ts';

/** The closed sets in plain sentences, for people who ask why. */

export const OUTCOME_WORDS: Record<Outcome, string> = {
  answered: 'the call was answered',
  voicemail: 'the caller left a voicemail',
  missed: 'the call was missed',
  elsewhere: 'the call was answered elsewhere',
  rejected: 'the call was rejected',
  failed: 'the call failed before it reached anybody',
};

export const CAUSE_WORDS: Record<Cause, string> = {
  'caller-hung-up': 'the caller hung up before an answer',
  'no-answer': 'nobody answered',
  busy: 'the line was busy',
  declined: 'it was declined on the called side',
  unreachable: 'no phone could be reached',
  'voicemail-abandoned': 'the caller left voicemail before a message could be',
  'voicemail-blank': 'the voicemail message is silent or too short',
  'voicemail-access': 'somebody listened to messages',
  unwanted: 'the called side refused it as unwanted',
  interrupted: 'the gateway stopped during the call',
};

/** `detail` is the decision's, e.g. the name of the policy that says no. */
export const REASON_WORDS: Record<DecisionReason, (detail: string) => string> = {
  missed: () => 'the call counts as missed, and both the mailbox policy and the mailbox allow notifications',
  answered: () => 'somebody answered',
  'answered-elsewhere': () => 'somebody answered on another device or line',
  'voicemail-left': () => 'the voicemail itself tells the user',
  'voicemail-access': () => 'somebody listened to messages',
  rejected: () => 'a rejected call is not a missed one',
  'not-rung': (whose) => (whose === '' ? 'the call never rang, and the caller did not wait' : whose),
  'policy-disabled': (policy) =>
    `mailbox policy ${quoted(policy)} has allowMissedCallNotifications: false ` +
    `(Set-UMMailboxPolicy -Identity ${quoted(policy)} -AllowMissedCallNotifications $true allows them)`,
  'mailbox-disabled': (mailbox) =>
    `mailbox ${quoted(mailbox)} has missedCallNotificationEnabled: false ` +
    `(Set-UMMailbox -Identity ${quoted(mailbox)} -MissedCallNotificationEnabled $true allows them)`,
  'no-mailbox': (why) => `the called number has no mailbox in the policy file${why === '' ? '' : `: ${why}`}`,
  'no-email-address': (mailbox) => `mailbox ${quoted(mailbox)} has no emailAddress in the policy file`,
  condition: conditionWords,
  duplicate: () => 'this call and mailbox have their notification already',
  collapsed: () => 'it was put together with another notification about the same caller',
  'called-back': () => 'the user has called back already',
};

/** `conditions.busy of NAME` (a mailbox policy) or `notify: first of group NAME`. */
function conditionWords(detail: string): string {
  const [, setting = '', value = '', group] = /^(notify): (\w+) of group (.*)$/s.exec(detail) ?? [];
  if (group !== undefined) {
    return (
      `group ${quoted(group)} has ${setting}: ${value} in the policy file: ${NOTIFY_WORDS[value] ?? ''} ` +
      '(nobody, group, first, last or all: set it there, it holds at once)'
    );
  }
  const [, key, policy = ''] = /^conditions\.(\w+) of (.*)$/s.exec(detail) ?? [];
  if (key === undefined) return `a condition of the mailbox policy says no: ${detail}`;
  const remedy = key === 'minimumRing' ? 'set it to 0s there' : `set it to true there`;
  return (
    `mailbox policy ${quoted(policy)} says under conditions.${key} that ${CONDITION_WORDS[key] ?? 'such calls are not told of'} ` +
    `(${remedy}, in the policy file, to be told of them)`
  );
}

const NOTIFY_WORDS: Readonly<Record<string, string>> = {
  nobody: 'nobody is told of the calls it misses',
  first: 'only the first member that rang is told',
  last: 'only the last member that rang is told',
};

/** What a condition that is not met says, by its key. */
const CONDITION_WORDS: Readonly<Record<string, string>> = {
  internalCalls: 'calls from the house’s own numbers are not told of',
  externalCalls: 'calls from outside are not told of',
  hiddenCallers: 'calls without a number to call back are not told of',
  minimumRing: 'calls that ring shorter are not told of',
  busy: 'calls to a busy line are not told of',
  declined: 'calls that were declined are not told of',
  unreachable: 'calls that found no phone are not told of',
  groupCalls: 'calls to a group of the user’s are not told of',
};

export const STRENGTH_WORDS: Record<EvidenceStrength, string> = {
  certain: '',
  strong: ' (strong evidence)',
  weak: ' (weak evidence)',
};

/** What became of the mail, and what an admin can do; `id` is the notification's. */
export const STATE_WORDS: Record<NotificationState, (id: string) => string> = {
  due: (id) =>
    `it waits to be sent; \`mcg notifications retry ${id}\` sends it now, \`mcg notifications drop ${id}\` never`,
  claimed: () => 'it is being sent',
  sent: () => 'it was handed over',
  dead: (id) => `it was given up; \`mcg notifications retry ${id}\` tries again`,
  dropped: () => 'an admin dropped it',
};

/** What a kind of evidence means, where its detail alone would not say so. */
export const EVIDENCE_WORDS: Readonly<Partial<Record<EvidenceKind, string>>> = {
  'voicemail-reached': 'a voicemail system answered this leg',
  'message-totals': 'so many messages before the call: a later count can be compared',
  'voicemail-left': 'a message was left',
  'voicemail-blank': 'the message is silence, or too short',
  'voicemail-none': 'no message was left',
  redirected: 'the call went on to another number',
  'taken-over': 'another phone took the call over',
  transferred: 'one side was asked to call somebody else',
  group: 'a group was called',
};

/** The evidence of a call that an earlier life of the gateway left: it is older than its time, which is that of the start. */
export const FOUND_AT_START = 'the gateway stopped during the call; found when it started again';

export function quoted(name: string): string {
  return `"${name}"`;
}
