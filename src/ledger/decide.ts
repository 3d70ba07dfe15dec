import type { CallStart, Evidence, Verdict } from '../call/index.ts';
import type { DecisionRecord, NotificationContent } from '../journal/index.ts';
import type { DialPlan, Mailbox, Policy } from '../policy/index.ts';

/** What is known of a call from its first INVITE on: a CallStart has it, and a CallRecord. */
export type CallFacts = Pick<CallStart, 'id' | 'sipCallId' | 'caller' | 'callee' | 'mailbox' | 'startedAt'>;

export interface Question {
  readonly call: CallFacts;
  readonly verdict: Verdict;
  readonly rangMs: number | null;
  readonly evidence: readonly Evidence[];
  /** The policy that holds now, not the one that held when the call came. */
  readonly policy: Policy;
}

export interface Decision {
  readonly record: DecisionRecord;
  /** Null where nobody is notified. */
  readonly content: NotificationContent | null;
}

/** Where neither mailbox nor dial plan says. */
const DEFAULT_LANGUAGE = 'en-US';
const DEFAULT_TIME_ZONE = 'UTC';

/**
 * Whether the called user is told of the call. First match wins: no mailbox; a call that is not missed; the mailbox policy's
 * switch (AllowMissedCallNotifications); the user's own (MissedCallNotificationEnabled); no address to write to.
 */
export function decide(question: Question): Decision {
  const { call, verdict, policy } = question;
  const mailbox = call.mailbox === null ? undefined : policy.mailbox(call.mailbox);
  if (mailbox === undefined) return skip(null, 'no-mailbox', whyNoMailbox(question));
  const { identity } = mailbox;
  if (verdict.reason !== 'missed') return skip(identity, verdict.reason, null);
  const mailboxPolicy = policy.mailboxPolicies.get(mailbox.mailboxPolicy);
  if (mailboxPolicy?.allowMissedCallNotifications !== true) {
    return skip(identity, 'policy-disabled', mailboxPolicy?.name ?? mailbox.mailboxPolicy);
  }
  if (!mailbox.missedCallNotificationEnabled) return skip(identity, 'mailbox-disabled', identity);
  if (mailbox.emailAddress === null) return skip(identity, 'no-email-address', identity);
  const record = { mailbox: identity, primary: true, decision: 'notify', reason: 'missed', detail: null } as const;
  return {
    record,
    content: contentFor(question, mailbox, mailbox.emailAddress, policy.dialPlans.get(mailboxPolicy.dialPlan)),
  };
}

function skip(mailbox: string | null, reason: DecisionRecord['reason'], detail: string | null): Decision {
  return { record: { mailbox, primary: true, decision: 'skip', reason, detail }, content: null };
}

function whyNoMailbox({ call, evidence }: Question): string | null {
  if (call.mailbox !== null) return `${call.mailbox} is no longer in the policy file`;
  return evidence.find(({ kind }) => kind === 'ambiguous')?.detail ?? null;
}

function contentFor(
  { call, verdict, rangMs }: Question,
  mailbox: Mailbox,
  address: string,
  dialPlan: DialPlan | undefined,
): NotificationContent {
  return {
    recipient: {
      address,
      displayName: mailbox.displayName,
      language: mailbox.language ?? dialPlan?.defaultLanguage ?? DEFAULT_LANGUAGE,
      timeZone: mailbox.timeZone ?? dialPlan?.timeZone ?? DEFAULT_TIME_ZONE,
    },
    caller: call.caller,
    callee: call.callee,
    startedAt: call.startedAt,
    rangMs,
    cause: verdict.cause,
    sipCallId: call.sipCallId,
  };
}
