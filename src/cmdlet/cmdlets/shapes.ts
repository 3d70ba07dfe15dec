import type { Changed, DialPlan, Mailbox, MailboxPolicy, Policy } from '../../policy/index.ts';
import type { ShellObject, Value } from '../objects.ts';

/** Things of the policy file as objects of the pipeline: their properties go by Exchange's names. */

/** A condition of a policy: its key in the file, and how it is called here. */
export const CONDITIONS = {
  internalCalls: { name: 'NotifyInternalCalls', says: 'Calls from users here and registered phones are told of.' },
  externalCalls: { name: 'NotifyExternalCalls', says: 'Calls from anybody else are told of.' },
  hiddenCallers: { name: 'NotifyHiddenCallers', says: 'Calls from callers who hide their number are told of.' },
  busy: { name: 'NotifyBusy', says: 'Calls that found the user busy, and were not taken to voicemail, are told of.' },
  declined: {
    name: 'NotifyDeclined',
    says: 'Calls that the user declined, and were not taken to voicemail, are told of.',
  },
  unreachable: {
    name: 'NotifyUnreachable',
    says: 'Calls that found no phone of the user, and were not taken to voicemail, are told of.',
  },
  groupCalls: { name: 'NotifyGroupCalls', says: 'Calls to a group that the user belongs to are told of.' },
} as const;
export const MINIMUM_RING = 'NotifyMinimumRing';

export function policyShape({ name, dialPlan, allowMissedCallNotifications, conditions }: MailboxPolicy): ShellObject {
  const told = Object.entries(CONDITIONS).map(
    ([key, condition]) => [condition.name, conditions[key as keyof typeof CONDITIONS]] as const,
  );
  return {
    type: 'UMMailboxPolicy',
    identity: name,
    properties: {
      Name: name,
      UMDialPlan: dialPlan,
      AllowMissedCallNotifications: allowMissedCallNotifications,
      ...Object.fromEntries(told),
      // In seconds, as it is given.
      [MINIMUM_RING]: conditions.minimumRingMs / 1_000,
      Identity: name,
    },
    view: ['Name', 'UMDialPlan', 'AllowMissedCallNotifications'],
  };
}

/** @param policies names of its policies */
export function dialPlanShape(plan: DialPlan, policies: readonly string[]): ShellObject {
  return {
    type: 'UMDialPlan',
    identity: plan.name,
    properties: {
      Name: plan.name,
      URIType: plan.uriType,
      NumberOfDigitsInExtension: plan.numberOfDigitsInExtension,
      CountryOrRegionCode: plan.countryOrRegionCode,
      DefaultLanguage: plan.defaultLanguage,
      TimeZone: plan.timeZone,
      NumberPrefixes: plan.numberPrefixes,
      NationalNumberPrefix: plan.nationalNumberPrefix,
      InternationalAccessCode: plan.internationalAccessCode,
      OutsideLineAccessCode: plan.outsideLineAccessCode,
      UMMailboxPolicies: policies,
      Identity: plan.name,
    },
    view: ['Name', 'URIType', 'NumberOfDigitsInExtension', 'CountryOrRegionCode', 'DefaultLanguage'],
  };
}

export function policiesOf(policy: Policy, dialPlan: string): string[] {
  return [...policy.mailboxPolicies.values()].filter((one) => one.dialPlan === dialPlan).map(({ name }) => name);
}

/** @param dialPlan of its policy */
export function mailboxShape(mailbox: Mailbox, dialPlan: string | null): ShellObject {
  return {
    type: 'UMMailbox',
    identity: mailbox.identity,
    properties: {
      Name: mailbox.identity,
      DisplayName: mailbox.displayName,
      EmailAddress: mailbox.emailAddress,
      Extensions: mailbox.extensions,
      SIPAddresses: mailbox.sipAddresses,
      UMDialPlan: dialPlan,
      UMMailboxPolicy: mailbox.mailboxPolicy,
      UMEnabled: true,
      MissedCallNotificationEnabled: mailbox.missedCallNotificationEnabled,
      Language: mailbox.language,
      TimeZone: mailbox.timeZone,
      Identity: mailbox.identity,
    },
    view: ['Name', 'EmailAddress', 'Extensions', 'UMMailboxPolicy', 'MissedCallNotificationEnabled'],
  };
}

/** One side of a change; null where there is none. */
export function changedShape(changed: Changed, side: 'before' | 'after'): Readonly<Record<string, Value>> | null {
  if (changed.kind === 'group') return null;
  const loaded = changed[side];
  if (loaded === null) return null;
  if (changed.kind === 'dialPlan') return dialPlanShape(loaded as DialPlan, []).properties;
  if (changed.kind === 'mailbox') return mailboxShape(loaded as Mailbox, null).properties;
  return policyShape(loaded as MailboxPolicy).properties;
}
