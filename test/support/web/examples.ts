import type { z } from 'zod';
import type { Call, DialPlan, LiveCall, Mailbox, Session } from '../../../src/admin/contract.ts';
import type { conditions, mailboxPolicy } from '../../../src/admin/contract/policy.ts';

/** A small company in Paris and London, as the example server (examples-server.ts) tells of it. */

export type Conditions = z.output<typeof conditions>;
export type MailboxPolicy = z.output<typeof mailboxPolicy>;

export const ALL_CONDITIONS: Conditions = {
  internalCalls: true,
  externalCalls: true,
  hiddenCallers: true,
  minimumRingMs: 0,
  busy: true,
  declined: true,
  unreachable: true,
  groupCalls: true,
};

export function exampleDialPlans(): DialPlan[] {
  const paris: DialPlan = {
    name: 'Paris',
    uriType: 'TelExtn',
    numberOfDigitsInExtension: 4,
    countryOrRegionCode: '33',
    defaultLanguage: 'fr-FR',
    timeZone: 'Europe/Paris',
    numberPrefixes: ['+3314000'],
    nationalNumberPrefix: '0',
    internationalAccessCode: '00',
    outsideLineAccessCode: '9',
    policyCount: 3,
  };
  return [
    paris,
    {
      ...paris,
      name: 'London',
      numberOfDigitsInExtension: 5,
      countryOrRegionCode: '44',
      defaultLanguage: 'en-GB',
      timeZone: 'Europe/London',
      numberPrefixes: ['+44207946', '+44208000'],
      policyCount: 1,
    },
    {
      ...paris,
      name: 'Lync',
      uriType: 'SipName',
      numberPrefixes: [],
      nationalNumberPrefix: null,
      internationalAccessCode: null,
      outsideLineAccessCode: null,
      policyCount: 1,
    },
  ];
}

export function examplePolicies(): MailboxPolicy[] {
  const standard = { dialPlan: 'Paris', allowMissedCallNotifications: true, conditions: ALL_CONDITIONS };
  return [
    { ...standard, name: 'Paris Default Policy', mailboxCount: 218 },
    {
      ...standard,
      name: 'MyUMMailboxPolicy',
      mailboxCount: 12,
      conditions: { ...ALL_CONDITIONS, hiddenCallers: false, minimumRingMs: 3000 },
    },
    { ...standard, name: 'Reception', allowMissedCallNotifications: false, mailboxCount: 1 },
    { ...standard, name: 'London Default Policy', dialPlan: 'London', mailboxCount: 64 },
    { ...standard, name: 'Lync Default Policy', dialPlan: 'Lync', mailboxCount: 0 },
  ];
}

export const MAILBOX: Mailbox = {
  identity: 'alice',
  displayName: 'Alice Martin',
  emailAddress: 'alice@example.com',
  extensions: ['1001'],
  sipAddresses: ['sip:alice@example.com'],
  mailboxPolicy: 'Paris Default Policy',
  missedCallNotificationEnabled: true,
  language: 'fr-FR',
  timeZone: null,
};

const MINUTE_MS = 60_000;

/** Calls up to `now`, newest first. */
export function exampleCalls(now: number, count = 8): Call[] {
  const callers: Call['caller'][] = [
    { number: '+33612345678', displayName: 'Jean Dupont' },
    { number: '1002', displayName: 'Bob Taylor' },
    null,
    { number: '+442079460123', displayName: null },
  ];
  return Array.from({ length: count }, (_, index): Call => {
    const startedAt = now - (index * 47 + 4) * MINUTE_MS;
    return {
      id: `0190-${index}`,
      startedAt: new Date(startedAt).toISOString(),
      endedAt: new Date(startedAt + 21_000).toISOString(),
      caller: callers[index % callers.length] ?? null,
      callee: '1001',
      mailbox: 'alice',
      group: index % 5 === 3 ? 'sales' : null,
      peer: 'pbx',
      rangMs: index % 3 === 2 ? null : 18_200 - index * 900,
      outcome: 'missed',
      cause: ['no-answer', 'busy', 'caller-hung-up', 'declined'][index % 4] ?? null,
      pendingUntil: null,
      decision: index % 4 === 2 ? 'skip' : 'notify',
      reason: index % 4 === 2 ? 'condition' : 'missed',
      notification: index % 4 === 2 ? null : index === 0 ? 'due' : 'sent',
    };
  });
}

export function exampleLiveCalls(now: number): LiveCall[] {
  return exampleCalls(now, 3).map(({ id, caller, callee, mailbox, peer }, index) => ({
    id,
    startedAt: new Date(now - index * 9_000).toISOString(),
    caller,
    callee,
    mailbox,
    peer,
    state: index === 0 ? 'ringing' : 'answered',
  }));
}

export const ACCOUNTS: Readonly<Record<string, Session['account']>> = {
  admin: account('admin', 'Claire Bernard', ['Organization Management'], null),
  view: account('view', 'Victor Petit', ['View-Only Organization Management'], null),
  help: account('help', 'Hélène Moreau', ['Help Desk'], null),
  alice: account('alice', 'Alice Martin', ['self'], 'alice'),
};

function account(
  name: string,
  displayName: string,
  roles: Session['account']['roles'],
  mailbox: string | null,
): Session['account'] {
  return { name, displayName, roles, mailbox, signedInBy: 'password' };
}
