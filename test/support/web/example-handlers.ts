import { type Handlers, Refusal } from '../../../src/admin/handlers.ts';
import type { OperationName } from '../../../src/admin/contract.ts';
import { type Caller, permissionsOf } from '../../../src/cmdlet/index.ts';
import {
  ACCOUNTS,
  ALL_CONDITIONS,
  exampleCalls,
  exampleDialPlans,
  exampleLiveCalls,
  examplePolicies,
  MAILBOX,
} from './examples.ts';

/** Accepted for every example account. */
export const PASSWORD = 'correct horse battery';
export const SECRET = 'one-time-secret';

export interface ExampleState {
  readonly handlers: Partial<Handlers<OperationName>>;
  callerOf(name: string): Caller | undefined;
  /** Makes the policy file another version, as somebody else's edit does. */
  touch(
    edit?: (state: {
      plans: ReturnType<typeof exampleDialPlans>;
      policies: ReturnType<typeof examplePolicies>;
    }) => void,
  ): void;
  readonly policies: ReturnType<typeof examplePolicies>;
  /** Empty lists everywhere, as at a first start. */
  empty(): void;
  breakPolicy(): void;
  firstAccountMissing: boolean;
}

/** The contract's operations over examples that change like the policy file does. */
export function exampleState(now: () => number): ExampleState {
  const plans = exampleDialPlans();
  const policies = examplePolicies();
  let version = 1;
  let broken = false;
  let enabled = true;
  const etag = (): string => `"v${version}"`;
  const fresh = (ifMatch: string | null): void => {
    if (ifMatch !== etag()) throw new Refusal(412, 'The policy file has been changed since.');
    version += 1;
  };
  const counted = (name: string) => policies.filter(({ dialPlan }) => dialPlan === name).length;
  const plan = (name: string) => {
    const found = plans.find((one) => one.name === name);
    if (found === undefined) throw new Refusal(404, `There is no dial plan ${name}.`);
    return { ...found, policyCount: counted(name) };
  };
  const policy = (name: string) => {
    const found = policies.find((one) => one.name === name);
    if (found === undefined) throw new Refusal(404, `There is no mailbox policy ${name}.`);
    return found;
  };
  const policyStatus = () => ({
    path: '/etc/mcg/policy.yaml',
    version: `v${version}`,
    loadedAt: new Date(now() - 3_600_000).toISOString(),
    mailboxCount: 294,
    error: broken
      ? {
          at: new Date(now() - 120_000).toISOString(),
          message: 'policy.yaml cannot be used as it stands; the last good version holds.',
          problems: [
            {
              line: 42,
              column: 5,
              path: 'mailboxes[3].mailboxPolicy',
              message: 'There is no mailbox policy "Recepton".',
              remedy: 'Did you mean "Reception"?',
            },
          ],
        }
      : null,
  });
  const sessionOf = (name: string) => {
    const account = ACCOUNTS[name];
    if (account === undefined) throw new Refusal(401, 'The name or the password is not right.');
    return { account, permissions: permissionsOf(account.roles), csrfToken: 'csrf' };
  };
  const paged = <Item>(items: readonly Item[], after: string | undefined, limit: number) => {
    const from = Number(after ?? 0);
    const end = from + limit;
    return { items: items.slice(from, end), next: end < items.length ? String(end) : null };
  };
  const found = <Item extends { name: string }>(items: readonly Item[], search = '') =>
    items.filter(({ name }) => name.toLowerCase().includes(search.toLowerCase()));

  const state: ExampleState = {
    policies,
    firstAccountMissing: false,
    touch(edit) {
      edit?.({ plans, policies });
      version += 1;
    },
    empty() {
      plans.length = 0;
      policies.length = 0;
    },
    breakPolicy() {
      broken = true;
    },
    callerOf(name) {
      const account = ACCOUNTS[name];
      if (account === undefined) return undefined;
      return {
        name,
        by: 'password',
        source: '127.0.0.1',
        permissions: new Set(permissionsOf(account.roles)),
        mailbox: account.mailbox,
      };
    },
    handlers: {
      entrance: async () => ({
        body: {
          firstAccountMissing: state.firstAccountMissing,
          passwords: true,
          oidc: [{ id: 'keycloak', name: 'Keycloak' }],
          defaultLanguage: 'en',
          product: { name: 'missed-call-gateway', version: '0.1.0' },
        },
      }),
      session: async ({ caller }) => ({ body: sessionOf(caller.name) }),
      signIn: async ({ body }) => {
        if (body.password !== PASSWORD) throw new Refusal(401, 'The name or the password is not right.');
        return { body: sessionOf(body.name) };
      },
      signOut: async () => ({ body: null as never }),
      firstAccount: async ({ body }) => {
        if (body.secret !== SECRET) throw new Refusal(403, 'The link has been used, or it is not whole.');
        state.firstAccountMissing = false;
        return { body: sessionOf('admin') };
      },
      policy: async () => ({ body: policyStatus(), etag: etag() }),
      health: async () => ({
        body: {
          ready: !broken,
          checks: [
            { name: 'sip', ok: true, detail: 'bound to udp 0.0.0.0:5060, tcp 0.0.0.0:5060' },
            { name: 'policy', ok: !broken, detail: broken ? 'the file is broken' : 'loaded' },
            { name: 'journal', ok: true, detail: 'written to' },
          ],
          node: 'gw1',
          version: '0.1.0',
          startedAt: new Date(now() - 86_400_000).toISOString(),
          liveCalls: 3,
          policy: policyStatus(),
        },
      }),
      dialPlans: async ({ query }) => ({
        body: paged(
          found(plans, query.search).map(({ name }) => plan(name)),
          query.after,
          query.limit,
        ),
        etag: etag(),
      }),
      dialPlan: async ({ params }) => ({
        body: { ...plan(params.name), policies: policies.filter(({ dialPlan }) => dialPlan === params.name) },
        etag: etag(),
      }),
      newDialPlan: async ({ body, ifMatch }) => {
        fresh(ifMatch);
        const { generateMailboxPolicy, why: _, ...given } = body;
        if (plans.some(({ name }) => name === body.name)) {
          throw new Refusal(409, `There is a dial plan ${body.name} already.`);
        }
        const standard = { defaultLanguage: 'en-US', timeZone: 'UTC', uriType: 'TelExtn', numberPrefixes: [] } as const;
        const none = { countryOrRegionCode: null, nationalNumberPrefix: null };
        const codes = { internationalAccessCode: null, outsideLineAccessCode: null };
        plans.push({ ...standard, ...none, ...codes, ...(given as object), policyCount: 0 } as never);
        if (generateMailboxPolicy) {
          policies.push({
            name: `${body.name} Default Policy`,
            dialPlan: body.name,
            allowMissedCallNotifications: true,
            conditions: ALL_CONDITIONS,
            mailboxCount: 0,
          });
        }
        return { body: plan(body.name), etag: etag() };
      },
      changeDialPlan: async ({ params, body, ifMatch }) => {
        plan(params.name);
        fresh(ifMatch);
        const { why: _, ...given } = body;
        Object.assign(
          plans.find(({ name }) => name === params.name)!,
          given,
        );
        for (const one of policies) if (one.dialPlan === params.name) one.dialPlan = body.name ?? params.name;
        return { body: plan(body.name ?? params.name), etag: etag() };
      },
      removeDialPlan: async ({ params, ifMatch }) => {
        plan(params.name);
        if (counted(params.name) > 0) {
          throw new Refusal(409, `${params.name} can't be removed: it has ${counted(params.name)} mailbox policies.`);
        }
        fresh(ifMatch);
        plans.splice(
          plans.findIndex(({ name }) => name === params.name),
          1,
        );
        return { body: null as never, etag: etag() };
      },
      mailboxPolicies: async ({ query }) => ({
        body: paged(
          found(policies, query.search).filter(({ dialPlan }) => (query.dialPlan ?? dialPlan) === dialPlan),
          query.after,
          query.limit,
        ),
        etag: etag(),
      }),
      mailboxPolicy: async ({ params }) => ({ body: policy(params.name), etag: etag() }),
      newMailboxPolicy: async ({ body, ifMatch }) => {
        fresh(ifMatch);
        const { why: _, conditions, ...given } = body;
        const made = {
          ...given,
          conditions: { ...ALL_CONDITIONS, ...conditions },
          mailboxCount: 0,
        } as (typeof policies)[0];
        policies.push(made);
        return { body: made, etag: etag() };
      },
      changeMailboxPolicy: async ({ params, body, ifMatch }) => {
        const one = policy(params.name);
        fresh(ifMatch);
        const { why: _, conditions, ...given } = body;
        Object.assign(one, given, { conditions: { ...one.conditions, ...conditions } });
        return { body: one, etag: etag() };
      },
      removeMailboxPolicy: async ({ params, ifMatch }) => {
        const one = policy(params.name);
        if (one.mailboxCount > 0) {
          throw new Refusal(409, `${one.name} can't be removed: ${one.mailboxCount} mailboxes have it.`);
        }
        fresh(ifMatch);
        policies.splice(policies.indexOf(one), 1);
        return { body: null as never, etag: etag() };
      },
      calls: async ({ query }) => ({ body: paged(exampleCalls(now(), 14), query.after, query.limit) }),
      liveCalls: async () => ({ body: { items: exampleLiveCalls(now()), total: 3 } }),
      missedReport: async () => ({
        body: {
          rows: [
            { key: 'alice', answered: 31, voicemail: 4, missed: 9, elsewhere: 2, other: 1, notified: 8 },
            { key: 'bob', answered: 12, voicemail: 1, missed: 5, elsewhere: 0, other: 0, notified: 5 },
          ],
          truncated: false,
        },
      }),
      notifications: async () => ({
        body: { items: [], next: null, counts: { due: 2, claimed: 0, sent: 143, dead: 1, dropped: 3 } },
      }),
      myMailbox: async () => ({
        body: { ...MAILBOX, missedCallNotificationEnabled: enabled, allowed: true },
        etag: etag(),
      }),
      switchMyMailbox: async ({ body }) => {
        enabled = body.enabled;
        return { body: { ...MAILBOX, missedCallNotificationEnabled: enabled }, etag: etag() };
      },
      myCalls: async ({ query }) => ({ body: paged(exampleCalls(now(), 60), query.after, query.limit) }),
    },
  };
  return state;
}
