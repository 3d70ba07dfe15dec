import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { planChanges } from '../../src/policy/edit.ts';
import { loadPolicy, type PolicyChange } from '../../src/policy/index.ts';
import { readPolicy } from '../../src/policy/load.ts';
import { type Entry, fileLayout, laidOut, type Value } from './layouts.ts';

/** For every edit of every file: the changed file says what the change says, and no other line is another. */

const LISTS = {
  dialPlan: 'dialPlans',
  mailboxPolicy: 'mailboxPolicies',
  mailbox: 'mailboxes',
  group: 'groups',
} as const;
const KEYS = { dialPlan: 'name', mailboxPolicy: 'name', mailbox: 'identity', group: 'identity' } as const;

/** What YAML could take for something else, or cut. */
const NASTY = [
  'yes',
  'No',
  'null',
  '~',
  'true',
  '1e3',
  '0x1f',
  '0010',
  '12',
  '.5',
  '-1',
  'x #y',
  '#x',
  '&a',
  '!b',
  '@c',
  '%d',
  '`e',
  '- f',
  "it's",
  'a  b',
  '\u00e9t\u00e9',
  '\ud83d\ude00',
  '\u2028x',
  '\ufeffx',
  '\u00a0',
  'constructor',
  'toString',
  '__proto__',
  '{x}',
  'a{b',
  '}',
  '(c)',
  '.',
  '--- x',
  '...',
];
const name = fc.oneof(fc.constantFrom(...NASTY), fc.stringMatching(/^[A-Za-z][A-Za-z ._-]{0,10}[A-Za-z0-9]$/));
const displayName = fc.oneof(
  name,
  fc.constantFrom(
    '*56',
    'a: b',
    '"q"',
    "'q'",
    'a\\nb',
    '[x]',
    'x, y',
    ' lead',
    'trail ',
    '? x',
    '| x',
    '> y',
    'a\tb',
    'a\nb',
    'key:',
    '<<',
  ),
);
const digits = fc.stringMatching(/^[0-9]{4}$/);

const policyValue: fc.Arbitrary<Value> = fc
  .record({
    plans: fc.uniqueArray(name, { minLength: 1, maxLength: 3, selector: (text) => text.toLowerCase() }),
    policies: fc.uniqueArray(fc.tuple(name, fc.nat(), fc.boolean(), fc.boolean()), {
      maxLength: 4,
      selector: ([text]) => text.toLowerCase(),
    }),
    people: fc.uniqueArray(fc.tuple(name, fc.nat(), displayName, digits, fc.boolean()), {
      maxLength: 5,
      selector: ([text]) => text.toLowerCase(),
    }),
    groups: fc.uniqueArray(fc.tuple(name, fc.nat(), fc.nat()), {
      maxLength: 2,
      selector: ([text]) => text.toLowerCase(),
    }),
  })
  .map(({ plans, policies, people, groups }) => {
    const planOf = (at: number): string => plans[at % plans.length] ?? '';
    const policyNames = policies.map(([text]) => text);
    for (const plan of plans)
      if (!policies.some(([, at]) => planOf(at) === plan)) policyNames.push(`${plan} Default Policy`);
    return {
      dialPlans: plans.map((plan) => ({ name: plan, numberOfDigitsInExtension: 4 })),
      mailboxPolicies: policies.map(([text, at, allow, conditions]) => ({
        name: text,
        dialPlan: planOf(at),
        allowMissedCallNotifications: allow,
        ...(conditions ? { conditions: { busy: false, minimumRing: '2s' } } : {}),
      })),
      mailboxes: people.map(([text, at, shown, number, on], position) => ({
        identity: text,
        displayName: shown,
        extensions: [number.slice(0, 3) + String(position)],
        mailboxPolicy: policyNames[at % policyNames.length],
        ...(on ? { missedCallNotificationEnabled: true } : {}),
      })),
      groups:
        people.length === 0
          ? []
          : groups.map(([text, at, member], position) => ({
              identity: text,
              dialPlan: planOf(at),
              extensions: [`990${position}`],
              members: [people[member % people.length]?.[0] ?? '', '+33612345678'],
            })),
    };
  })
  .filter((value) => loadPolicy(JSON.stringify(value)).ok);

const RUNS = 700;

type Kind = keyof typeof LISTS;
const pick = <One>(list: readonly One[], at: number): One | undefined => list[at % list.length];

const nameOf = (entry: Entry | undefined): string => String(entry?.['name']);

/** A change of this file: mostly of what is in it. */
function changeOf(value: Value): fc.Arbitrary<PolicyChange> {
  const kinds = (Object.keys(LISTS) as Kind[]).filter((kind) => value[LISTS[kind]].length > 0);
  const existing = fc
    .tuple(fc.constantFrom(...kinds), fc.nat())
    .map(([kind, at]) => ({ kind, name: String(pick(value[LISTS[kind]], at)?.[KEYS[kind]]) }));
  const removal = existing.map((one) => ({ ...one, action: 'remove' as const }));
  const policy = fc.nat().map((at) => nameOf(pick(value.mailboxPolicies, at)));
  const changes: Record<Kind, fc.Arbitrary<Entry>> = {
    dialPlan: fc.record(
      { name, timeZone: fc.constantFrom('Europe/Paris', null), numberPrefixes: fc.constantFrom(['+3314000'], []) },
      { requiredKeys: [] },
    ),
    mailboxPolicy: fc.record(
      {
        name,
        allowMissedCallNotifications: fc.constantFrom(true, false, null),
        conditions: fc.oneof(
          fc.constant(null),
          fc.record(
            {
              busy: fc.constantFrom(true, false, null),
              internalCalls: fc.boolean(),
              minimumRing: fc.constantFrom('3s', null),
            },
            { requiredKeys: [] },
          ),
        ),
      },
      { requiredKeys: [] },
    ),
    mailbox: fc.record(
      {
        identity: name,
        displayName: fc.oneof(displayName, fc.constant(null)),
        emailAddress: fc.constantFrom("o'brien+x@example.com", null),
        extensions: fc.uniqueArray(digits, { maxLength: 3 }),
        missedCallNotificationEnabled: fc.boolean(),
        mailboxPolicy: policy,
        timeZone: fc.constantFrom('Europe/Paris', null),
      },
      { requiredKeys: [] },
    ),
    group: fc.record(
      {
        identity: name,
        displayName,
        members: fc.uniqueArray(
          fc.oneof(
            fc.nat().map((at) => String(pick(value.mailboxes, at)?.['identity'])),
            fc.constantFrom('+33612345678', '+33612345679'),
          ),
          { minLength: 1, maxLength: 4 },
        ),
        ring: fc.constantFrom('serial', 'simultaneous'),
      },
      { requiredKeys: [] },
    ),
  };
  const setting = existing.chain((one) =>
    changes[one.kind].map((its) => ({ ...one, action: 'set' as const, changes: its })),
  );
  const plan = fc.nat().map((at) => String(pick(value.dialPlans, at)?.['name']));
  const fresh = fc.oneof(
    fc.record({
      kind: fc.constant('dialPlan'),
      action: fc.constant('new'),
      entry: fc.record({ name, numberOfDigitsInExtension: fc.constant(4) }),
    }),
    fc.record({
      kind: fc.constant('mailboxPolicy'),
      action: fc.constant('new'),
      entry: fc.record(
        { name, dialPlan: plan, conditions: fc.record({ busy: fc.boolean() }) },
        { requiredKeys: ['name', 'dialPlan'] },
      ),
    }),
    fc.record({
      kind: fc.constant('mailbox'),
      action: fc.constant('new'),
      entry: fc.record({ identity: name, displayName, extensions: fc.tuple(digits), mailboxPolicy: policy }),
    }),
  );
  return fc.oneof(removal, setting, setting, fresh);
}

const lower = (text: unknown): string => String(text).toLowerCase();

function mergedPlainly(entry: Entry, changes: Entry): Entry {
  const after: Record<string, unknown> = { ...entry };
  for (const [key, value] of Object.entries(changes)) {
    if (value === null) delete after[key];
    else if (key === 'conditions') {
      const conditions = mergedPlainly((after[key] ?? {}) as Entry, value as Entry);
      if (Object.keys(conditions).length === 0) delete after[key];
      else after[key] = conditions;
    } else after[key] = value;
  }
  return after;
}

/** The same change of the plain value, said again in the simplest way. */
function applied(value: Value, change: PolicyChange, fresh: ReadonlySet<string> = new Set()): Value {
  const list = LISTS[change.kind];
  const key = KEYS[change.kind];
  const withDefault = (plan: unknown, except: unknown): Value => {
    const its = value.mailboxPolicies.some((policy) => lower(policy['dialPlan']) === lower(plan));
    const entry = { name: `${String(plan)} Default Policy`, dialPlan: plan };
    if (
      its ||
      fresh.has(lower(plan)) ||
      lower(entry.name) === lower(except) ||
      !value.dialPlans.some((one) => one['name'] === plan)
    )
      return value;
    return { ...value, mailboxPolicies: [...value.mailboxPolicies, entry] };
  };
  if (change.action === 'new') {
    const entry = change.entry as unknown as Entry;
    const base = change.kind === 'mailboxPolicy' ? withDefault(entry['dialPlan'], entry['name']) : value;
    return { ...base, [list]: [...base[list], entry] };
  }
  const isIt = (entry: Entry): boolean => lower(entry[key]) === lower(change.name);
  if (change.action === 'remove') return { ...value, [list]: value[list].filter((entry) => !isIt(entry)) };
  const changes = change.changes as Entry;
  const next = { ...value, [list]: value[list].map((entry) => (isIt(entry) ? mergedPlainly(entry, changes) : entry)) };
  const to = changes[key];
  if (to === undefined) return next;
  const swap = (text: unknown): unknown => (lower(text) === lower(change.name) ? to : text);
  const swapIn = (entry: Entry, field: string): Entry =>
    field in entry
      ? { ...entry, [field]: Array.isArray(entry[field]) ? entry[field].map(swap) : swap(entry[field]) }
      : entry;
  if (change.kind === 'dialPlan') {
    const isDefault = !value.mailboxPolicies.some((policy) => lower(policy['dialPlan']) === lower(change.name));
    const old = lower(`${change.name} Default Policy`);
    return {
      ...next,
      mailboxPolicies: next.mailboxPolicies.map((entry) => swapIn(entry, 'dialPlan')),
      groups: next.groups.map((entry) => swapIn(entry, 'dialPlan')),
      mailboxes: next.mailboxes.map((entry) =>
        isDefault && lower(entry['mailboxPolicy']) === old
          ? { ...entry, mailboxPolicy: `${nameOf(changes)} Default Policy` }
          : entry,
      ),
    };
  }
  if (change.kind === 'mailboxPolicy')
    return { ...next, mailboxes: next.mailboxes.map((entry) => swapIn(entry, 'mailboxPolicy')) };
  if (change.kind === 'mailbox')
    return { ...next, groups: next.groups.map((entry) => swapIn(swapIn(entry, 'members'), 'mailbox')) };
  return next;
}

function dataOf(text: string): unknown {
  const reading = readPolicy(text);
  if (!reading.ok) return null;
  const { version: _, ...data } = reading.data;
  return data;
}

/** Entries that are other than before, by the owner of their lines. */
function touched(before: Value, after: Value, change: PolicyChange): Set<string> {
  const owners = new Set<string>();
  for (const kind of Object.keys(LISTS) as Kind[]) {
    const list = LISTS[kind];
    const isRemoved = (entry: Entry): boolean =>
      change.action === 'remove' && change.kind === kind && lower(entry[KEYS[kind]]) === lower(change.name);
    let at = 0;
    before[list].forEach((entry, position) => {
      if (isRemoved(entry)) owners.add(`${list} ${position}`);
      else {
        if (JSON.stringify(after[list][at]) !== JSON.stringify(entry)) owners.add(`${list} ${position}`);
        at += 1;
      }
    });
    if (owners.size > 0 || after[list].length !== before[list].length) owners.add(list);
    if (after[list].length === 0 && before[list].length > 0) owners.add(`${list} key`);
  }
  return owners;
}

describe('every edit of every file', () => {
  it('says what the change says, leaves every other line as it was, and is refused only where the result could not be loaded', () => {
    let made = 0;
    fc.assert(
      fc.property(
        policyValue.chain((value) =>
          fc.record({ value: fc.constant(value), layout: fileLayout, change: changeOf(value) }),
        ),
        ({ value, layout, change }) => {
          const { text, lines } = laidOut(value, layout);
          fc.pre(dataOf(text) !== null);
          expect(dataOf(text)).toEqual(dataOf(JSON.stringify(value)));
          const plan = planChanges(text, [change]);
          const wanted = applied(value, change);
          if ('ok' in plan) {
            expect(plan.reason).not.toBe('unwritable');
            expect(plan.reason).not.toBe('broken');
            if (plan.reason === 'invalid') expect(dataOf(JSON.stringify(wanted))).toBeNull();
            return;
          }
          made += 1;
          expect(dataOf(plan.text)).toEqual(dataOf(JSON.stringify(wanted)));
          const owners = touched(value, wanted, change);
          const after = plan.text.replace(/^\uFEFF/, '').split(layout.crlf ? '\r\n' : '\n');
          let from = 0;
          for (const { owner, line } of lines) {
            const [list = ''] = owner.split(' ');
            if (owner === 'blank' || owners.has(owner)) continue;
            if (
              owner === 'file' &&
              [...owners].some((one) => one.endsWith(' key') && line.startsWith(one.split(' ')[0] ?? ''))
            )
              continue;
            const at = after.indexOf(line, from);
            expect({ list, line, found: at >= 0 }).toEqual({ list, line, found: true });
            from = at + 1;
          }
          expect(plan.text.startsWith('\uFEFF')).toBe(layout.mark);
          if (layout.crlf) expect(plan.text.replaceAll('\r\n', '')).not.toContain('\n');
          if (change.action === 'remove') {
            const list = LISTS[change.kind];
            const position = value[list].findIndex((entry) => lower(entry[KEYS[change.kind]]) === lower(change.name));
            expect(plan.text).not.toContain(`# of ${list} ${position} `);
          }
        },
      ),
      { numRuns: RUNS },
    );
    expect(made).toBeGreaterThan(RUNS / 4);
  });

  it('several changes hold together', () => {
    let made = 0;
    fc.assert(
      fc.property(
        policyValue.chain((value) =>
          fc.record({
            value: fc.constant(value),
            layout: fileLayout,
            changes: fc.array(changeOf(value), { minLength: 2, maxLength: 5 }),
          }),
        ),
        ({ value, layout, changes }) => {
          const { text } = laidOut(value, layout);
          fc.pre(dataOf(text) !== null);
          const plan = planChanges(text, changes);
          if ('ok' in plan) {
            expect(plan.reason).not.toBe('unwritable');
            return;
          }
          made += 1;
          const fresh = changes.flatMap((change) =>
            change.kind === 'dialPlan' && change.action === 'new' ? [lower(change.entry.name)] : [],
          );
          const wanted = changes.reduce((now, change) => applied(now, change, new Set(fresh)), value);
          expect(dataOf(plan.text)).toEqual(dataOf(JSON.stringify(wanted)));
        },
      ),
      { numRuns: RUNS },
    );
    expect(made).toBeGreaterThan(RUNS / 10);
  });
});
