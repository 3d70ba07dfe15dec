import { createHash } from 'node:crypto';
import { fileProblem, readYaml, type YamlDocument } from '../yamlfile/index.ts';
import { policyMistakesOf } from './checks.ts';
import { DEFAULT_POLICY_SUFFIX, MAX_MAILBOXES, MAX_POLICY_BYTES } from './limits.ts';
import { groupsOf } from './groups.ts';
import { LoadedPolicy } from './lookup.ts';
import { type MailboxEntry, type PolicyFile, policyFile } from './schema.ts';
import { makeSnapshot, type PolicyData } from './snapshot.ts';
import type { Conditions, Mailbox, MailboxPolicy, Policy, PolicyProblem } from './types.ts';

export type PolicyReading =
  | { readonly ok: true; readonly data: PolicyData; readonly document: YamlDocument }
  | { readonly ok: false; readonly problems: readonly PolicyProblem[] };

export type PolicyLoad =
  { readonly ok: true; readonly policy: Policy } | { readonly ok: false; readonly problems: readonly PolicyProblem[] };

/** The version of a file's contents: the same text has the same version, on every machine. */
export function versionOf(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 12);
}

/** Exchange's way: every missed call is told of. */
export const EVERY_MISSED_CALL: Conditions = {
  internalCalls: true,
  externalCalls: true,
  hiddenCallers: true,
  minimumRingMs: 0,
  busy: true,
  declined: true,
  unreachable: true,
  groupCalls: true,
};

const byName = <Entry extends { readonly name: string }>(entries: readonly Entry[]): Map<string, Entry> =>
  new Map(entries.map((entry) => [entry.name.toLowerCase(), entry]));

/** The file's policies, and the default one of each dial plan that has none (New-UMDialPlan makes it). */
function policiesOf({ dialPlans, mailboxPolicies }: PolicyFile): MailboxPolicy[] {
  const plans = byName(dialPlans);
  const policies = mailboxPolicies.map(
    ({ name, dialPlan, allowMissedCallNotifications, conditions: { minimumRing, ...conditions } }): MailboxPolicy => ({
      name,
      dialPlan: plans.get(dialPlan.toLowerCase())?.name ?? dialPlan,
      allowMissedCallNotifications,
      conditions: { ...conditions, minimumRingMs: minimumRing },
    }),
  );
  const served = new Set(policies.map(({ dialPlan }) => dialPlan));
  for (const { name } of dialPlans) {
    if (served.has(name)) continue;
    policies.push({
      name: `${name}${DEFAULT_POLICY_SUFFIX}`,
      dialPlan: name,
      allowMissedCallNotifications: true,
      conditions: EVERY_MISSED_CALL,
    });
  }
  return policies;
}

function mailboxOf(entry: MailboxEntry, policies: ReadonlyMap<string, MailboxPolicy>): Mailbox {
  return {
    identity: entry.identity,
    displayName: entry.displayName ?? entry.identity,
    emailAddress: entry.emailAddress,
    extensions: entry.extensions,
    sipAddresses: entry.sipAddresses,
    mailboxPolicy: policies.get(entry.mailboxPolicy.toLowerCase())?.name ?? entry.mailboxPolicy,
    missedCallNotificationEnabled: entry.missedCallNotificationEnabled,
    language: entry.language,
    timeZone: entry.timeZone,
  };
}

/** Reads and checks. */
export function readPolicy(text: string): PolicyReading {
  const reading = readYaml(text, { schema: policyFile, maxCharacters: MAX_POLICY_BYTES, check: policyMistakesOf });
  if (!reading.ok) return reading;
  const file = reading.value;
  const mailboxPolicies = policiesOf(file);
  const policies = byName(mailboxPolicies);
  const mailboxes = file.mailboxes.map((entry) => mailboxOf(entry, policies));
  const groups = groupsOf(file, mailboxes, policies);
  const data = { version: versionOf(text), dialPlans: file.dialPlans, mailboxPolicies, mailboxes, groups };
  return { ok: true, data, document: reading.document };
}

/**
 * The policy that a text of policy.yaml says, or every mistake in it. Never throws. Takes about 2 s and 0.6 GB for
 * 100,000 mailboxes: a running program uses `openPolicyStore`, which does it on a thread of its own.
 */
export function loadPolicy(text: string): PolicyLoad {
  const reading = readPolicy(text);
  if (!reading.ok) return reading;
  return { ok: true, policy: new LoadedPolicy(makeSnapshot(reading.data)) };
}

export function fileTooLarge(): PolicyProblem {
  const message = `the file has more than ${MAX_POLICY_BYTES} bytes`;
  return fileProblem(message, `policy.yaml is meant for ${MAX_MAILBOXES} mailboxes at most.`);
}
