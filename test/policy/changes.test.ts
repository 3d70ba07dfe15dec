import { chmod, mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { planChanges } from '../../src/policy/edit.ts';
import { editPolicy, newDialPlan, type PolicyChange, type EditResult } from '../../src/policy/index.ts';
import { manyMailboxes, policyOf, temporaryFolders } from './files.ts';

const temporaryFolder = temporaryFolders();

const BASE = `dialPlans:
  - { name: Paris, numberOfDigitsInExtension: 4 }
  - { name: Lyon, numberOfDigitsInExtension: 4 } # by default only
mailboxPolicies:
  - { name: Staff, dialPlan: Paris }
  - { name: Guests, dialPlan: Paris, conditions: { busy: false, minimumRing: 2s } }
mailboxes:
  - { identity: alice, extensions: ["1001"], mailboxPolicy: STAFF }
  - { identity: bob, extensions: ["1002"], mailboxPolicy: Lyon Default Policy }
  - { identity: desk, mailboxPolicy: Staff }
groups:
  - { identity: sales, dialPlan: Paris, extensions: ["1100"], members: [Alice, "+33612345678"], mailbox: desk }
`;

/** The changed text, or the refusal. */
function made(changes: readonly PolicyChange[], text = BASE): string {
  const plan = planChanges(text, changes);
  return 'ok' in plan ? `${plan.reason}: ${plan.message}` : plan.text;
}

const remove = (kind: PolicyChange['kind'], name: string): PolicyChange => ({ kind, action: 'remove', name });
const set = (kind: PolicyChange['kind'], name: string, changes: object): PolicyChange => ({
  kind,
  action: 'set',
  name,
  changes,
});
const create = (kind: PolicyChange['kind'], entry: object): PolicyChange =>
  ({ kind, action: 'new', entry }) as PolicyChange;

describe('what is referred to is not removed, and what is in the way is named', () => {
  it.each<readonly [string, PolicyChange['kind'], string, string]>([
    [
      'a dial plan by its policies and groups',
      'dialPlan',
      'PARIS',
      'The dial plan "Paris" is in use by mailbox policies "Staff", "Guests" and by group "sales". Remove these first, or give them another dial plan.',
    ],
    [
      'a dial plan by mailboxes of its default policy',
      'dialPlan',
      'Lyon',
      'The dial plan "Lyon" is in use by mailbox "bob". Remove these first, or give them another dial plan.',
    ],
    [
      'a policy by its mailboxes',
      'mailboxPolicy',
      'staff',
      'The mailbox policy "Staff" is in use by mailboxes "alice", "desk". Give these another policy first.',
    ],
    [
      'a default policy by its mailboxes',
      'mailboxPolicy',
      'Lyon Default Policy',
      'The mailbox policy "Lyon Default Policy" is in use by mailbox "bob". A dial plan without any policy has this one: give it another policy first, or remove the dial plan.',
    ],
    [
      'a mailbox by the groups that it is a member of',
      'mailbox',
      'alice',
      'The mailbox "alice" is in use by group "sales". Take it out of these first.',
    ],
    [
      'a mailbox by the groups whose it is',
      'mailbox',
      'desk',
      'The mailbox "desk" is in use by group "sales". Take it out of these first.',
    ],
  ])('%s', (_rule, kind, name, message) => {
    expect(made([remove(kind, name)])).toBe(`in-use: ${message}`);
  });

  it('of many ten are named', () => {
    const more = Array.from({ length: 12 }, (_, n) =>
      create('mailbox', { identity: `u${n}`, extensions: [`20${10 + n}`], mailboxPolicy: 'Guests' }),
    );
    expect(made([...more, remove('mailboxPolicy', 'Guests')])).toContain('"u8", "u9" and 2 more.');
  });

  it('in one edit, those in the way may go first', () => {
    const changes = [
      remove('group', 'sales'),
      remove('mailbox', 'alice'),
      set('mailbox', 'desk', { extensions: ['1003'], mailboxPolicy: 'Guests' }),
      remove('mailboxPolicy', 'Staff'),
    ];
    const { mailboxPolicies, mailboxCount } = policyOf(made(changes));
    expect([...mailboxPolicies.keys()]).toEqual(['Guests', 'Lyon Default Policy']);
    expect(mailboxCount).toBe(2);
  });
});

describe('a new name is followed by whatever refers to the old one', () => {
  it('of a dial plan: policies, groups, and the mailboxes of the policy that goes by its name', () => {
    const text = made([set('dialPlan', 'paris', { name: 'Paris: no' })]);
    expect(text).toMatch(
      /^invalid: This cannot be: dial plan "Paris: no", name: .* holds a character that names may not have/,
    );
    const policy = policyOf(
      made([set('dialPlan', 'paris', { name: 'Île-de-France' }), set('dialPlan', 'Lyon', { name: 'Rhône' })]),
    );
    expect([...policy.mailboxPolicies.values()].map(({ name, dialPlan }) => `${name}, ${dialPlan}`)).toEqual([
      'Staff, Île-de-France',
      'Guests, Île-de-France',
      'Rhône Default Policy, Rhône',
    ]);
    expect(policy.groups.get('sales')?.dialPlan).toBe('Île-de-France');
    expect(policy.mailbox('bob')?.mailboxPolicy).toBe('Rhône Default Policy');
  });

  it('of a policy: mailboxes; of a mailbox: groups', () => {
    const text = made([
      set('mailboxPolicy', 'Staff', { name: 'Everybody' }),
      set('mailbox', 'ALICE', { identity: 'alicia' }),
      set('mailbox', 'desk', { identity: 'front' }),
    ]);
    expect(text).toBe(
      BASE.replace('name: Staff', 'name: Everybody')
        .replace(
          'identity: alice, extensions: ["1001"], mailboxPolicy: STAFF',
          'identity: alicia, extensions: ["1001"], mailboxPolicy: Everybody',
        )
        .replace('identity: desk, mailboxPolicy: Staff', 'identity: front, mailboxPolicy: Everybody')
        .replace('[Alice,', '[alicia,')
        .replace('mailbox: desk', 'mailbox: front'),
    );
  });

  it('in another case only, it is no other', () => {
    expect(made([set('mailbox', 'bob', { identity: 'BOB' })])).toContain('identity: BOB');
  });

  it.each<readonly [PolicyChange['kind'], string, object]>([
    ['dialPlan', 'Paris', { name: 'LYON' }],
    ['mailboxPolicy', 'Staff', { name: 'guests' }],
    ['mailboxPolicy', 'Staff', { name: 'lyon default policy' }],
    ['mailbox', 'alice', { identity: 'Bob' }],
  ])('is refused where somebody has it: %s %s', (kind, name, changes) => {
    expect(made([set(kind, name, changes)])).toMatch(/^exists: There is a .* named ".*" already\.$/);
  });
});

describe('policies that dial plans have by default', () => {
  it('a new dial plan gets its own, unless told not to', () => {
    const entry = { name: 'Nice', numberOfDigitsInExtension: 3 };
    expect(made(newDialPlan(entry))).toContain(
      '  - { name: Nice Default Policy, dialPlan: Nice, allowMissedCallNotifications: true }\n',
    );
    expect(made([create('dialPlan', entry)])).not.toContain('Nice Default Policy');
  });

  it('one that is not in the file stays when the dial plan gets another', () => {
    const text = made([create('mailboxPolicy', { name: 'Guests of Lyon', dialPlan: 'lyon' })]);
    expect(text).toContain('  - { name: Lyon Default Policy, dialPlan: Lyon, allowMissedCallNotifications: true }\n');
    expect(policyOf(text).mailbox('bob')?.mailboxPolicy).toBe('Lyon Default Policy');
  });

  it('exists, though it is not in the file', () => {
    expect(made([create('mailboxPolicy', { name: 'Lyon default Policy', dialPlan: 'Lyon' })])).toMatch(/^exists/);
    expect(
      made([remove('mailboxPolicy', 'Lyon Default Policy')], BASE.replace('Lyon Default Policy', 'Staff')),
    ).toMatch(/^in-use: .* by dial plan "Lyon", which has no other/);
  });

  it('is written out where it is changed, not where it says so already', () => {
    expect(made([set('mailboxPolicy', 'lyon default policy', { allowMissedCallNotifications: true })])).toBe(BASE);
    expect(made([set('mailboxPolicy', 'lyon default policy', { conditions: { busy: false } })])).toContain(
      '  - { name: Lyon Default Policy, dialPlan: Lyon, allowMissedCallNotifications: true, conditions: { busy: false } }\n',
    );
  });
});

describe('keys', () => {
  it('null takes one out, undefined leaves it; conditions are changed one by one', () => {
    expect(
      made([
        set('mailboxPolicy', 'Guests', {
          conditions: { busy: null, declined: false },
          allowMissedCallNotifications: undefined,
        }),
      ]),
    ).toBe(BASE.replace('{ busy: false, minimumRing: 2s }', '{ minimumRing: 2s, declined: false }'));
    expect(made([set('mailboxPolicy', 'Guests', { conditions: { busy: null, minimumRing: null } })])).toBe(
      BASE.replace(', conditions: { busy: false, minimumRing: 2s }', ''),
    );
    expect(made([set('mailboxPolicy', 'Guests', { conditions: null })])).toBe(
      BASE.replace(', conditions: { busy: false, minimumRing: 2s }', ''),
    );
  });

  it('what says the same in other words stays as it is written', () => {
    expect(
      made([
        set('mailboxPolicy', 'Guests', { conditions: { minimumRing: '2000ms', internalCalls: true } }),
        set('mailbox', 'bob', { language: null, sipAddresses: [] }),
      ]),
    ).toBe(BASE);
  });

  it.each<readonly [string, object, string]>([
    [
      'that nobody knows',
      { mailboxpolicy: 'Staff' },
      'invalid: mailbox "bob": mailboxpolicy: unknown key "mailboxpolicy". Did you mean "mailboxPolicy"?',
    ],
    [
      'of a prototype',
      JSON.parse('{ "__proto__": { "identity": "x" } }') as object,
      'invalid: mailbox "bob": __proto__: unknown key "__proto__".',
    ],
    [
      'that are needed',
      { mailboxPolicy: null },
      'invalid: This cannot be: mailbox "bob", mailboxPolicy: "mailboxPolicy" is missing.',
    ],
    [
      'with values that no file has',
      { displayName: { a: { b: { c: 1 } } } },
      'invalid: mailbox "bob": displayName: this value cannot stand in the file.',
    ],
    [
      'with values of another kind',
      { displayName: 12 },
      'invalid: This cannot be: mailbox "bob", displayName: expected a text, found the number 12.',
    ],
    ['with names that are too long', { identity: 'x'.repeat(65) }, 'is longer than 64 characters.'],
    ['with a line break in a name', { identity: 'a\nmailboxes: []' }, 'holds a character that names may not have'],
    [
      'that somebody else has',
      { extensions: ['1002', '1001'], mailboxPolicy: 'Staff' },
      'extension "1001" of dial plan "Paris" is already that of mailboxes[0]',
    ],
    [
      'of a length that the dial plan does not have',
      { extensions: ['10021'] },
      '"10021" has 5 digits; extensions of dial plan "Lyon" have 4',
    ],
  ])('are refused: %s', (_rule, changes, says) => {
    expect(made([set('mailbox', 'bob', changes)])).toContain(says);
  });

  it('a dial plan’s name has 49 characters at most, with room for its default policy', () => {
    expect(made([set('dialPlan', 'Paris', { name: 'x'.repeat(50) })])).toContain('is longer than 49 characters');
    expect(made([set('dialPlan', 'Paris', { name: 'x'.repeat(49) })])).toContain(`name: ${'x'.repeat(49)}`);
  });

  it('a refusal says which change it is about', () => {
    const bad = create('mailbox', { identity: 'eve', extensions: ['12'], mailboxPolicy: 'Staff' });
    expect(planChanges(BASE, [set('mailbox', 'bob', { language: 'fr-FR' }), bad])).toMatchObject({
      reason: 'invalid',
      change: 1,
      problems: [{ path: 'mailboxes[3].extensions[0]' }],
    });
    expect(planChanges(BASE, [set('mailbox', 'bob', {}), remove('mailbox', 'nobody')])).toMatchObject({
      reason: 'not-found',
      change: 1,
    });
  });
});

describe('many changes', () => {
  it('10,000 new mailboxes, 10,000 changed and 10,000 removed, each in one edit', async () => {
    const path = join(await temporaryFolder(), 'policy.yaml');
    await writeFile(path, manyMailboxes(10_000));
    const names = Array.from({ length: 10_000 }, (_, n) => `new ${n}`);
    const edits = [
      names.map((identity, n) =>
        create('mailbox', { identity, extensions: [String(500_000 + n)], mailboxPolicy: 'Big Default Policy' }),
      ),
      [
        set('mailboxPolicy', 'Big Default Policy', { name: 'Everybody' }),
        ...names.map((name) => set('mailbox', name, { language: 'fr-FR' })),
      ],
      [
        ...names.map((name) => remove('mailbox', name)),
        set('mailboxPolicy', 'Everybody', { name: 'Big Default Policy' }),
      ],
    ];
    for (const changes of edits) {
      const startedAt = performance.now();
      expect(await editPolicy({ path, changes })).toMatchObject({ ok: true, changed: true });
      // What grew with the square of them would take minutes.
      expect(performance.now() - startedAt).toBeLessThan(10_000);
    }
    expect(await readFile(path, 'utf8')).toBe(manyMailboxes(10_000));
  });
});

describe('what each change did', () => {
  it('as a load sees it, before and after the whole edit', () => {
    const plan = planChanges(BASE, [
      set('mailboxPolicy', 'Staff', { name: 'Everybody' }),
      set('mailbox', 'bob', { displayName: 'Bob' }),
      set('mailbox', 'desk', { sipAddresses: ['sip:desk@example.com'] }),
      remove('group', 'Sales'),
      create('mailbox', { identity: 'eve', extensions: ['1009'], mailboxPolicy: 'everybody' }),
    ]);
    const changes = 'ok' in plan ? [] : plan.changes.filter(({ name }) => name !== 'desk');
    expect(changes).toMatchObject([
      {
        kind: 'mailboxPolicy',
        name: 'Everybody',
        changed: true,
        before: { name: 'Staff' },
        after: { name: 'Everybody', allowMissedCallNotifications: true },
      },
      { kind: 'mailbox', name: 'bob', changed: true, before: { displayName: 'bob' }, after: { displayName: 'Bob' } },
      {
        kind: 'group',
        name: 'sales',
        changed: true,
        before: { members: [{ mailbox: 'alice' }, { mailbox: null }] },
        after: null,
      },
      { kind: 'mailbox', name: 'eve', changed: true, before: null, after: { mailboxPolicy: 'Everybody' } },
    ]);
  });
});

describe('a file', () => {
  const off = set('mailbox', 'alice', { missedCallNotificationEnabled: false });
  const edit = (path: string): Promise<EditResult> => editPolicy({ path, changes: [off] });

  it('that is broken is refused with its mistakes, and stays', async () => {
    const path = join(await temporaryFolder(), 'policy.yaml');
    await writeFile(path, `${BASE}nonsense: 1\n`);
    expect(await edit(path)).toMatchObject({ reason: 'broken', problems: [{ path: 'nonsense', line: 13 }] });
    expect(await readFile(path, 'utf8')).toBe(`${BASE}nonsense: 1\n`);
  });

  it('with aliases is refused in clear words; with anchors and tags alone it is edited', async () => {
    const path = join(await temporaryFolder(), 'policy.yaml');
    await writeFile(path, BASE.replace('mailboxPolicy: STAFF', 'mailboxPolicy: &s !!str STAFF'));
    expect(await edit(path)).toMatchObject({ ok: true });
    await writeFile(
      path,
      BASE.replace('name: Staff', 'name: &s Staff').replace('mailboxPolicy: STAFF', 'mailboxPolicy: *s'),
    );
    expect(await edit(path)).toMatchObject({
      reason: 'broken',
      problems: [{ message: 'the YAML alias *s is not taken here.' }],
    });
  });

  it('that ends in another document is refused, where something has to be added at its end', async () => {
    const path = join(await temporaryFolder(), 'policy.yaml');
    const text = `${BASE.slice(0, BASE.indexOf('mailboxPolicies'))}...\n`;
    await writeFile(path, text);
    const change = create('mailbox', { identity: 'eve', extensions: ['1009'], mailboxPolicy: 'Lyon Default Policy' });
    expect(await editPolicy({ path, changes: [change] })).toMatchObject({
      reason: 'unwritable',
      message: /laid out in a way/,
    });
    expect(await readFile(path, 'utf8')).toBe(text);
  });

  it('whose link leads nowhere, or that is a directory, is told', async () => {
    const folder = await temporaryFolder();
    await symlink('nowhere', join(folder, 'policy.yaml'));
    expect(await edit(join(folder, 'policy.yaml'))).toMatchObject({
      reason: 'broken',
      message: 'the file does not exist. Restore it, or correct the path.',
    });
    expect(await edit(folder)).toMatchObject({
      reason: 'broken',
      message: 'this is a directory. Name the file in it.',
    });
  });

  it.skipIf(process.getuid?.() === 0)(
    'in a directory that may not be written is told (root may write anywhere)',
    async () => {
      const folder = join(await temporaryFolder(), 'sealed');
      await mkdir(folder);
      await writeFile(join(folder, 'policy.yaml'), BASE);
      await chmod(folder, 0o555);
      expect(await edit(join(folder, 'policy.yaml'))).toMatchObject({
        reason: 'unwritable',
        message: /cannot be written \(EACCES\)/,
      });
      expect(await readdir(folder)).toEqual(['policy.yaml']);
    },
  );
});
