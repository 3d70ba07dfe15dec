import { describe, expect, it } from 'vitest';
import { loadPolicy } from '../../src/policy/index.ts';
import { MAX_GROUPS, MAX_MEMBERS } from '../../src/policy/limits.ts';
import { policyOf } from './files.ts';

const policy = policyOf(`
dialPlans:
  - { name: Paris, numberOfDigitsInExtension: 4, countryOrRegionCode: "33", numberPrefixes: ["+3314000"], nationalNumberPrefix: "0", internationalAccessCode: "00", outsideLineAccessCode: "9" }
  - { name: Lyon, numberOfDigitsInExtension: 4 }
mailboxes:
  - { identity: alice, extensions: ["1001", "1011"], mailboxPolicy: Paris Default Policy }
  - { identity: bob, sipAddresses: ["sip:b%6fb@example.com", "sip:1100@pbx.example.com"], mailboxPolicy: Paris Default Policy }
  - { identity: chloe, extensions: ["1200"], mailboxPolicy: Lyon Default Policy }
groups:
  - identity: Sales
    displayName: Sales team
    dialPlan: PARIS
    extensions: ["1100"]
    sipAddresses: [sip:sales@example.com, sip:1001@other.example.com]
    members: [ALICE, bob, "+33612345678"]
    ring: serial
    ringTimeout: 1.5s
    notify: all
    mailbox: BOB
  - { identity: support, dialPlan: Paris, extensions: ["1101"], members: ["1011", "0140001002"], mailbox: alice }
  - { identity: night, dialPlan: Lyon, extensions: ["1101"], members: [chloe] }
  - { identity: door, dialPlan: Paris, extensions: ["1200"], members: [alice] }
`);

const at = (user: string): { user: string; uri: string } => ({ user, uri: `sip:${user}@gateway.example.net` });

describe('a group', () => {
  it('is what the file says, in names as the file defines them', () => {
    expect(policy.groups.get('Sales')).toEqual({
      identity: 'Sales',
      displayName: 'Sales team',
      dialPlan: 'Paris',
      extensions: ['1100'],
      sipAddresses: ['sip:sales@example.com', 'sip:1001@other.example.com'],
      members: [
        { mailbox: 'alice', number: '1001' },
        { mailbox: 'bob', number: 'bob' },
        { mailbox: null, number: '+33612345678' },
      ],
      ring: 'serial',
      ringTimeoutMs: 1_500,
      notify: 'all',
      mailbox: 'bob',
    });
  });

  it('rings all at once, as long as any number, and its mailbox is told, where nothing else is said', () => {
    expect(policy.groups.get('support')).toMatchObject({
      displayName: 'support',
      ring: 'simultaneous',
      ringTimeoutMs: null,
      notify: 'group',
    });
    expect(policy.groups.get('night')).toMatchObject({ notify: 'nobody', mailbox: null });
  });

  it('has the user as a member whose extension is written, by that extension; another number is nobody', () => {
    expect(policy.groups.get('support')?.members).toEqual([
      { mailbox: 'alice', number: '1011' },
      { mailbox: null, number: '0140001002' },
    ]);
    const dialled = policyOf(`
dialPlans: [{ name: P, numberOfDigitsInExtension: 4, countryOrRegionCode: "33", numberPrefixes: ["+3314000"], nationalNumberPrefix: "0" }]
mailboxes: [{ identity: alice, extensions: ["1001", "1011"], mailboxPolicy: P Default Policy }]
groups: [{ identity: g, dialPlan: P, extensions: ["1100"], members: ["0140001011"] }]
`);
    expect(dialled.groups.get('g')?.members).toEqual([{ mailbox: 'alice', number: '1011' }]);
  });

  it('is frozen', () => {
    const group = policy.groups.get('Sales');
    expect([group, group?.members, group?.members[0]].every(Object.isFrozen)).toBe(true);
  });
});

it('a mailbox that a group names as its own needs no number', () => {
  const { groups } = policyOf(`
dialPlans: [{ name: P, numberOfDigitsInExtension: 4 }]
mailboxes: [{ identity: inbox, mailboxPolicy: P Default Policy }]
groups: [{ identity: g, dialPlan: P, extensions: ["1100"], members: ["0612345678"], mailbox: INBOX }]
`);
  expect(groups.get('g')).toMatchObject({ mailbox: 'inbox', notify: 'group' });
});

describe('a called number has a group', () => {
  const numbers: readonly (readonly [rule: string, user: string, plan: string | undefined, group: string | null])[] = [
    ['by its extension whole', '1100', undefined, 'Sales'],
    ['by a listed prefix and its extension', '+33140001100', undefined, 'Sales'],
    ['by the national form of that', '0140001100', undefined, 'Sales'],
    ['by the international form of that, on an outside line', '90033140001100', 'Paris', 'Sales'],
    ['not by the last digits of a foreign number', '+442079461100', undefined, null],
    ['of the plan that the peer names', '1101', 'Lyon', 'night'],
    ['none, where two of different plans have it', '1101', undefined, null],
    ['none, where a mailbox of another plan has it', '1200', undefined, null],
    ['that of the plan, where a mailbox of another plan has it', '1200', 'paris', 'door'],
    ['none in a plan that the file does not have', '1100', 'Nantes', null],
    ['none, where the number is a mailbox', '1001', undefined, null],
  ];

  it.each(numbers)('%s: %s', (_rule, user, plan, group) => {
    expect(policy.findGroup(at(user), plan)?.identity ?? null).toBe(group);
  });

  it('by its SIP address whole', () => {
    expect(policy.findGroup({ user: 'sales', uri: 'sip:sales@EXAMPLE.com:5060;transport=tcp' })?.identity).toBe(
      'Sales',
    );
    expect(policy.findGroup({ user: 'sales', uri: 'sip:sales@example.org' })).toBeNull();
    expect(policy.findGroup({ user: 'sales', uri: 'sip:sales@example.com' }, 'Lyon')).toBeNull();
  });

  it('by its SIP address before the number in it, and not where that address is a mailbox', () => {
    const sales = { user: '1001', uri: 'sip:1001@other.example.com' };
    expect(policy.findGroup(sales)?.identity).toBe('Sales');
    expect(policy.findMailbox(sales)).toEqual({ kind: 'none' });
    const bob = { user: '1100', uri: 'sip:1100@pbx.example.com' };
    expect(policy.findGroup(bob)).toBeNull();
    expect(policy.findMailbox(bob)).toMatchObject({ kind: 'found', mailbox: { identity: 'bob' } });
  });
});

describe('a mailbox and a group', () => {
  it('a number of a group is no mailbox', () => {
    expect(policy.findMailbox(at('1100'))).toEqual({ kind: 'none' });
    expect(policy.findMailbox(at('0140001101'))).toEqual({ kind: 'none' });
    expect(policy.findMailbox({ user: 'sales', uri: 'sip:sales@example.com' })).toEqual({ kind: 'none' });
  });

  it('of different plans with one number: without the plan nobody can tell who is meant', () => {
    expect(policy.findMailbox(at('1200'))).toMatchObject({ kind: 'ambiguous', mailboxes: [{ identity: 'chloe' }] });
    expect(policy.findMailbox(at('1200'), 'Lyon')).toMatchObject({ kind: 'found', mailbox: { identity: 'chloe' } });
    expect(policy.findMailbox(at('1200'), 'Paris')).toEqual({ kind: 'none' });
  });
});

describe('bounds of groups', () => {
  const plan = 'dialPlans: [{ name: P, numberOfDigitsInExtension: 6 }]';
  const problemsOf = (text: string): readonly string[] => {
    const loaded = loadPolicy(text);
    return loaded.ok ? [] : loaded.problems.map(({ path, message }) => `${path}: ${message}`);
  };
  const groups = (count: number): string =>
    Array.from(
      { length: count },
      (_, n) => `- { identity: g${n}, dialPlan: P, extensions: ["${100_000 + n}"], members: ["1"] }`,
    ).join('\n');
  const members = (count: number): string =>
    `[{ identity: g, dialPlan: P, extensions: ["100000"], members: [${Array.from({ length: count }, (_, n) => `"${n}"`).join()}] }]`;

  it('so many groups and no more', () => {
    expect(problemsOf(`${plan}\ngroups:\n${groups(MAX_GROUPS)}`)).toEqual([]);
    const more = MAX_GROUPS + 1;
    expect(problemsOf(`${plan}\ngroups:\n${groups(more)}`)).toEqual([
      `groups: ${more} entries; at most ${MAX_GROUPS} are taken.`,
    ]);
  });

  it('so many members and no more', () => {
    expect(problemsOf(`${plan}\ngroups: ${members(MAX_MEMBERS)}`)).toEqual([]);
    expect(problemsOf(`${plan}\ngroups: ${members(MAX_MEMBERS + 1)}`)).toEqual([
      `groups[0].members: too many members; at most ${MAX_MEMBERS} are taken.`,
    ]);
  });

  it('many misspelt members cost little', () => {
    const mailboxes = Array.from(
      { length: 20_000 },
      (_, n) => `- { identity: user${n}, extensions: ["${100_000 + n}"], mailboxPolicy: P Default Policy }`,
    );
    const wrong = Array.from({ length: 1_000 }, (_, n) => `usre${n}`).join();
    const startedAt = performance.now();
    const problems = problemsOf(
      `${plan}\nmailboxes:\n${mailboxes.join('\n')}\ngroups: [{ identity: g, dialPlan: P, extensions: ["999999"], members: [${wrong}] }]`,
    );
    expect(problems).toHaveLength(501);
    expect(performance.now() - startedAt).toBeLessThan(10_000);
  });
});
