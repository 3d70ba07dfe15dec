import type { DecisionRecord, NotificationContent } from '../journal/index.ts';
import { unmetCondition } from './conditions.ts';
import type { Question } from './question.ts';
import { concernedBy, type Recipient } from './recipients.ts';

export interface Decision {
  readonly record: DecisionRecord;
  /** Null where nobody is notified. */
  readonly content: NotificationContent | null;
}

/** Where neither mailbox nor dial plan says. */
const DEFAULT_LANGUAGE = 'en-US';
const DEFAULT_TIME_ZONE = 'UTC';

/** Who is told of the call, and why others are not: a decision for each mailbox that it concerns. The first one, and only it, is primary. */
export function decide(question: Question): readonly Decision[] {
  const { told, others } = concernedBy(question);
  const decisions: Decision[] = told.map((recipient) => decideFor(question, recipient));
  for (const { mailbox, reason, detail } of others) decisions.push(skip(mailbox, reason, detail));
  return decisions.map(({ record, content }, position) => ({
    record: { ...record, primary: position === 0 },
    content,
  }));
}

/**
 * First match wins: a call that is not missed; the mailbox policy's switch (AllowMissedCallNotifications); the user's own
 * (MissedCallNotificationEnabled); a condition of the policy; no address to write to.
 */
function decideFor(question: Question, { mailbox, rangMs, memberOf }: Recipient): Decision {
  const { call, verdict, policy } = question;
  const { identity } = mailbox;
  if (verdict.reason !== 'missed') return skip(identity, verdict.reason, null);
  const mailboxPolicy = policy.mailboxPolicies.get(mailbox.mailboxPolicy);
  if (mailboxPolicy?.allowMissedCallNotifications !== true) {
    return skip(identity, 'policy-disabled', mailboxPolicy?.name ?? mailbox.mailboxPolicy);
  }
  if (!mailbox.missedCallNotificationEnabled) return skip(identity, 'mailbox-disabled', identity);
  const asked = { call, verdict, rangMs, asMember: memberOf !== null };
  const unmet = unmetCondition(asked, mailboxPolicy.conditions, policy);
  if (unmet !== null) return skip(identity, 'condition', `${unmet} of ${mailboxPolicy.name}`);
  if (mailbox.emailAddress === null) return skip(identity, 'no-email-address', identity);
  const dialPlan = policy.dialPlans.get(mailboxPolicy.dialPlan);
  return {
    record: { mailbox: identity, primary: false, decision: 'notify', reason: 'missed', detail: null },
    content: {
      recipient: {
        address: mailbox.emailAddress,
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
    },
  };
}

function skip(mailbox: string | null, reason: DecisionRecord['reason'], detail: string | null): Decision {
  return { record: { mailbox, primary: false, decision: 'skip', reason, detail }, content: null };
}
