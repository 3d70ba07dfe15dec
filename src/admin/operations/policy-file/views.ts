import type { DialPlan, Group, Mailbox, MailboxPolicy, PolicyStatus, PolicyVersion } from '../../contract.ts';
import type * as policy from '../../../policy/index.ts';

/** What policy.yaml has, as the contract shows it. */

export function dialPlanView(plan: policy.DialPlan, policyCount: number): DialPlan {
  return { ...plan, numberPrefixes: [...plan.numberPrefixes], policyCount };
}

export function mailboxPolicyView(one: policy.MailboxPolicy, mailboxCount: number): MailboxPolicy {
  return { ...one, conditions: { ...one.conditions }, mailboxCount };
}

export function mailboxView(mailbox: policy.Mailbox): Mailbox {
  return { ...mailbox, extensions: [...mailbox.extensions], sipAddresses: [...mailbox.sipAddresses] };
}

export function groupView({ members, ...group }: policy.Group): Group {
  return {
    ...group,
    extensions: [...group.extensions],
    sipAddresses: [...group.sipAddresses],
    members: members.map(({ mailbox, number }) => mailbox ?? number),
  };
}

export function statusView(
  path: string,
  { version, loadedAt, mailboxCount, error }: policy.PolicyStatus,
): PolicyStatus {
  return {
    path,
    version,
    loadedAt: iso(loadedAt),
    mailboxCount,
    error:
      error === null
        ? null
        : { at: iso(error.at), message: error.message, problems: error.problems.map((one) => ({ ...one })) },
  };
}

export function versionView({ version, at, by, bytes }: policy.PolicyVersion): PolicyVersion {
  return { version, at: iso(at), by, bytes };
}

function iso(at: number): string {
  return new Date(at).toISOString();
}
