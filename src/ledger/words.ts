import type { Cause, DecisionReason, EvidenceStrength, Outcome } from '../call/index.ts';
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
  'not-rung': () => 'the call never rang, and the caller did not wait',
  'policy-disabled': (policy) =>
    `mailbox policy ${quoted(policy)} has allowMissedCallNotifications: false ` +
    `(Set-UMMailboxPolicy -Identity ${quoted(policy)} -AllowMissedCallNotifications $true allows them)`,
  'mailbox-disabled': (mailbox) =>
    `mailbox ${quoted(mailbox)} has missedCallNotificationEnabled: false ` +
    `(Set-UMMailbox -Identity ${quoted(mailbox)} -MissedCallNotificationEnabled $true allows them)`,
  'no-mailbox': (why) => `the called number has no mailbox in the policy file${why === '' ? '' : `: ${why}`}`,
  'no-email-address': (mailbox) => `mailbox ${quoted(mailbox)} has no emailAddress in the policy file`,
  condition: (condition) => `the condition ${quoted(condition)} holds`,
  duplicate: () => 'this call and mailbox have their notification already',
  collapsed: () => 'it was put together with another notification about the same caller',
  'called-back': () => 'the user has called back already',
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

/** The evidence of a call that an earlier life of the gateway left: it is older than its time, which is that of the start. */
export const FOUND_AT_START = 'the gateway stopped during the call; found when it started again';

export function quoted(name: string): string {
  return `"${name}"`;
}
