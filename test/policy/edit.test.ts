import { chmod, chown, lstat, mkdir, readdir, readFile, stat, symlink, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  editPolicy,
  type EditOptions,
  loadPolicy,
  openPolicyStore,
  type PolicyChange,
} from '../../src/policy/index.ts';
import { versionOf } from '../../src/policy/load.ts';
import { LOCK_STALE_MS } from '../../src/policy/file.ts';
import { policyOf, temporaryFolders } from './files.ts';

const temporaryFolder = temporaryFolders();
/** One change, its outcome beside the edit's. */
async function made(path: string, change: PolicyChange, options: EditOptions): Promise<object> {
  const result = await editPolicy({ path, changes: [change], ...options });
  return result.ok ? { ...result.changes[0], ...result } : result;
}
const setMailboxPolicy = (path: string, name: string, changes: object, options: EditOptions = {}): Promise<object> =>
  made(path, { kind: 'mailboxPolicy', action: 'set', name, changes }, options);
const setMailbox = (path: string, name: string, changes: object, options: EditOptions = {}): Promise<object> =>
  made(path, { kind: 'mailbox', action: 'set', name, changes }, options);

const OFF = { allowMissedCallNotifications: false };

async function file(text: string): Promise<string> {
  const path = join(await temporaryFolder(), 'policy.yaml');
  await writeFile(path, text);
  return path;
}

const PLANS =
  'dialPlans: [{ name: Paris, numberOfDigitsInExtension: 4 }, { name: "Sud #1", numberOfDigitsInExtension: 4 }]\n';

describe('only the value’s own characters change', () => {
  const edits: readonly (readonly [rule: string, before: string, after: string])[] = [
    [
      'in braces, with comments and blanks around it',
      `${PLANS}mailboxPolicies:\n  # ours\n  - {name: Staff,  dialPlan: Paris ,allowMissedCallNotifications:   true } # all of them\n`,
      `${PLANS}mailboxPolicies:\n  # ours\n  - {name: Staff,  dialPlan: Paris ,allowMissedCallNotifications:   false } # all of them\n`,
    ],
    [
      'in a block',
      `${PLANS}mailboxPolicies:\n- allowMissedCallNotifications: true # why not\n  name: Staff\n  dialPlan: Paris\n`,
      `${PLANS}mailboxPolicies:\n- allowMissedCallNotifications: false # why not\n  name: Staff\n  dialPlan: Paris\n`,
    ],
    [
      'among others, by its name in another case',
      `${PLANS}mailboxPolicies:\n  - { name: Sales, dialPlan: Paris, allowMissedCallNotifications: true }\n  - { name: STAFF, dialPlan: Paris, allowMissedCallNotifications: true }\n`,
      `${PLANS}mailboxPolicies:\n  - { name: Sales, dialPlan: Paris, allowMissedCallNotifications: true }\n  - { name: STAFF, dialPlan: Paris, allowMissedCallNotifications: false }\n`,
    ],
    [
      'a key that is not there, in braces',
      `${PLANS}mailboxPolicies: [{ "name": 'Staff', dialPlan: Paris }]\n`,
      `${PLANS}mailboxPolicies: [{ "name": 'Staff', dialPlan: Paris, allowMissedCallNotifications: false }]\n`,
    ],
    [
      'a key that is not there, in a block',
      `${PLANS}mailboxPolicies:\n  - name: Staff # ours\n    dialPlan: Paris\n`,
      `${PLANS}mailboxPolicies:\n  - name: Staff # ours\n    dialPlan: Paris\n    allowMissedCallNotifications: false\n`,
    ],
    [
      'a key that is not there, at the very end of the file',
      `${PLANS}mailboxPolicies:\n  - dialPlan: Paris\n    name: Staff`,
      `${PLANS}mailboxPolicies:\n  - dialPlan: Paris\n    allowMissedCallNotifications: false\n    name: Staff`,
    ],
    [
      'with Windows line ends and a byte order mark',
      `\uFEFF${PLANS.replace('\n', '\r\n')}mailboxPolicies:\r\n  - name: Staff\r\n    dialPlan: Paris\r\n`,
      `\uFEFF${PLANS.replace('\n', '\r\n')}mailboxPolicies:\r\n  - name: Staff\r\n    dialPlan: Paris\r\n    allowMissedCallNotifications: false\r\n`,
    ],
  ];

  it.each(edits)('%s', async (_rule, before, after) => {
    const path = await file(before);
    expect(await setMailboxPolicy(path, 'Staff', OFF)).toMatchObject({ ok: true, changed: true, after: OFF });
    expect(await readFile(path, 'utf8')).toBe(after);
  });
});

describe('a policy that a dial plan had only by default is written out', () => {
  const written = '{ name: Paris Default Policy, dialPlan: Paris, allowMissedCallNotifications: false }';
  const edits: readonly (readonly [rule: string, name: string, before: string, after: string])[] = [
    ['where there is no list', 'Paris Default Policy', PLANS, `${PLANS}\nmailboxPolicies:\n  - ${written}\n`],
    [
      'where the list is empty',
      'Paris Default Policy',
      `mailboxPolicies: []\n${PLANS}`,
      `mailboxPolicies:\n  - ${written}\n${PLANS}`,
    ],
    [
      'behind the others of a list',
      'paris default policy',
      `mailboxPolicies:\n  # the south\n  - { name: Sun, dialPlan: "Sud #1" }\n${PLANS}`,
      `mailboxPolicies:\n  # the south\n  - { name: Sun, dialPlan: "Sud #1" }\n  - ${written}\n${PLANS}`,
    ],
    [
      'with quotes where the name needs them',
      'Sud #1 Default Policy',
      `${PLANS}mailboxPolicies: [{ name: Staff, dialPlan: Paris }]`,
      `${PLANS}mailboxPolicies: [{ name: Staff, dialPlan: Paris }, { name: "Sud #1 Default Policy", dialPlan: "Sud #1", allowMissedCallNotifications: false }]`,
    ],
  ];

  it.each(edits)('%s', async (_rule, name, before, after) => {
    const path = await file(before);
    expect(await setMailboxPolicy(path, name, OFF)).toMatchObject({ ok: true, changed: true });
    expect(await readFile(path, 'utf8')).toBe(after);
    const saved = policyOf(after).mailboxPolicies;
    expect([...saved.values()].filter((policy) => !policy.allowMissedCallNotifications)).toHaveLength(1);
  });
});

const GOOD = `${PLANS}mailboxPolicies: [{ name: Staff, dialPlan: Paris, allowMissedCallNotifications: true }]\n`;

describe('what an edit says', () => {
  it('what was and what is, and the version that the file has now', async () => {
    const path = await file(GOOD);
    const result = await setMailboxPolicy(path, 'staff', OFF);
    const staff = policyOf(GOOD).mailboxPolicies.get('Staff');
    const { version } = policyOf(await readFile(path, 'utf8'));
    const change = { kind: 'mailboxPolicy', name: 'Staff', changed: true, before: staff, after: { ...staff, ...OFF } };
    const versionBefore = policyOf(GOOD).version;
    expect(result).toEqual({ ok: true, ...change, changes: [change], versionBefore, version });
  });

  it('nothing is written where the file says so already', async () => {
    const path = await file(GOOD);
    const { ino } = await stat(path);
    expect(await setMailboxPolicy(path, 'Staff', { allowMissedCallNotifications: true })).toMatchObject({
      ok: true,
      changed: false,
    });
    expect((await stat(path)).ino).toBe(ino);
  });

  it('a dry run writes nothing', async () => {
    const path = await file(GOOD);
    expect(await setMailboxPolicy(path, 'Staff', OFF, { dryRun: true })).toMatchObject({
      ok: true,
      changed: true,
      after: OFF,
    });
    expect(await readFile(path, 'utf8')).toBe(GOOD);
  });

  const refusals: readonly (readonly [rule: string, text: string, name: string, reason: string])[] = [
    ['a policy that does not exist', GOOD, 'Nobody', 'not-found'],
    ['a file with mistakes', `${GOOD}mailboxs: []\n`, 'Staff', 'broken'],
  ];
  it.each(refusals)('%s is refused, and the file stays', async (_rule, text, name, reason) => {
    const path = await file(text);
    expect(await setMailboxPolicy(path, name, OFF)).toMatchObject({ ok: false, reason });
    expect(await readFile(path, 'utf8')).toBe(text);
    expect(await readdir(join(path, '..'))).toEqual(['policy.yaml']);
  });

  it('a change decided on another version is refused', async () => {
    const path = await file(GOOD);
    const { version } = policyOf(GOOD);
    await writeFile(path, `${GOOD}# somebody was here\n`);
    expect(await setMailboxPolicy(path, 'Staff', OFF, { basedOn: version })).toMatchObject({
      ok: false,
      reason: 'changed',
    });
  });

  it('a file that does not exist is told', async () => {
    const path = join(await temporaryFolder(), 'policy.yaml');
    expect(await setMailboxPolicy(path, 'Staff', OFF)).toMatchObject({
      ok: false,
      message: expect.stringContaining('does not exist') as string,
    });
  });
});

describe('the file stays what it is', () => {
  it('its mode', async () => {
    const path = await file(GOOD);
    await chmod(path, 0o640);
    await setMailboxPolicy(path, 'Staff', OFF);
    expect((await stat(path)).mode & 0o777).toBe(0o640);
  });

  it.skipIf(process.getuid?.() !== 0)('its owner (only root can give a file away)', async () => {
    const path = await file(GOOD);
    await chown(path, 12_345, 23_456);
    await setMailboxPolicy(path, 'Staff', OFF);
    expect(await stat(path)).toMatchObject({ uid: 12_345, gid: 23_456 });
  });

  it('a symbolic link to it', async () => {
    const folder = await temporaryFolder();
    await mkdir(join(folder, 'real'));
    const real = join(folder, 'real', 'policy.yaml');
    const link = join(folder, 'policy.yaml');
    await writeFile(real, GOOD);
    await symlink(real, link);
    await setMailboxPolicy(link, 'Staff', OFF);
    expect((await lstat(link)).isSymbolicLink()).toBe(true);
    expect(await readFile(real, 'utf8')).toContain('false');
  });

  it('no other file is left beside it but its versions', async () => {
    const path = await file(GOOD);
    await setMailboxPolicy(path, 'Staff', OFF);
    expect(await readdir(join(path, '..'))).toEqual(['policy.versions', 'policy.yaml']);
  });
});

describe('edits at the same time', () => {
  it('one after the other, none is lost', async () => {
    const names = ['A', 'B', 'C', 'D'];
    const path = await file(
      `${PLANS}mailboxPolicies:\n${names.map((name) => `  - { name: ${name}, dialPlan: Paris }\n`).join('')}`,
    );
    const results = await Promise.all(names.map((name) => setMailboxPolicy(path, name, OFF)));
    expect(results).toEqual(names.map(() => expect.objectContaining({ ok: true })));
    const loaded = loadPolicy(await readFile(path, 'utf8'));
    expect(
      loaded.ok &&
        [...loaded.policy.mailboxPolicies.values()].filter((policy) => policy.allowMissedCallNotifications).length,
    ).toBe(1);
  });

  it('a lock that somebody holds is respected, and named', async () => {
    const path = await file(GOOD);
    await writeFile(`${path}.lock`, '');
    const result = await setMailboxPolicy(path, 'Staff', OFF, { lockWaitMs: 100 });
    expect(result).toMatchObject({
      ok: false,
      reason: 'locked',
      message: expect.stringContaining(`${path}.lock`) as string,
    });
    expect(await readFile(path, 'utf8')).toBe(GOOD);
  });

  it('a lock that a dead program left is broken', async () => {
    const path = await file(GOOD);
    await writeFile(`${path}.lock`, '');
    const long = (Date.now() - LOCK_STALE_MS - 1_000) / 1_000;
    await utimes(`${path}.lock`, long, long);
    expect(await setMailboxPolicy(path, 'Staff', OFF)).toMatchObject({ ok: true, changed: true });
    expect(await readdir(join(path, '..'))).toEqual(['policy.versions', 'policy.yaml']);
  });
});

describe('a user’s own switch', () => {
  const NONE = { missedCallNotificationEnabled: false };
  const edits: readonly (readonly [rule: string, before: string, after: string])[] = [
    [
      'in braces, among comments',
      `${PLANS}mailboxes:\n  # ours\n  - {identity: Alice, extensions: ["1001"],missedCallNotificationEnabled:   true , mailboxPolicy: Paris Default Policy} # first\n`,
      `${PLANS}mailboxes:\n  # ours\n  - {identity: Alice, extensions: ["1001"],missedCallNotificationEnabled:   false , mailboxPolicy: Paris Default Policy} # first\n`,
    ],
    [
      'that is not there, in braces, behind the policy',
      `${PLANS}mailboxes: [{ identity: Alice, mailboxPolicy: "Paris Default Policy", extensions: ["1001"] }]`,
      `${PLANS}mailboxes: [{ identity: Alice, mailboxPolicy: "Paris Default Policy", missedCallNotificationEnabled: false, extensions: ["1001"] }]`,
    ],
    [
      'that is not there, in a block, behind the policy and its comment',
      `${PLANS}mailboxes:\r\n  - mailboxPolicy: Paris Default Policy # all\r\n    identity: Alice\r\n    extensions: ["1001"]\r\n`,
      `${PLANS}mailboxes:\r\n  - mailboxPolicy: Paris Default Policy # all\r\n    missedCallNotificationEnabled: false\r\n    identity: Alice\r\n    extensions: ["1001"]\r\n`,
    ],
  ];

  it.each(edits)('%s', async (_rule, before, after) => {
    const path = await file(before);
    expect(await setMailbox(path, 'ALICE', NONE)).toMatchObject({
      ok: true,
      changed: true,
      before: { identity: 'Alice', missedCallNotificationEnabled: true },
      after: NONE,
    });
    expect(await readFile(path, 'utf8')).toBe(after);
    expect(await setMailbox(path, 'Alice', NONE)).toMatchObject({ ok: true, changed: false });
    expect(await setMailbox(path, 'Alice', { missedCallNotificationEnabled: true }, { dryRun: true })).toMatchObject({
      ok: true,
      changed: true,
    });
    expect(await readFile(path, 'utf8')).toBe(after);
  });

  const text = `${PLANS}mailboxes:\n  - { identity: alice, extensions: ["1001"], mailboxPolicy: Paris Default Policy }\n`;

  it('is refused for nobody, for another version, and in a file that has mistakes', async () => {
    const path = await file(text);
    expect(await setMailbox(path, 'Paris Default Policy', NONE)).toMatchObject({
      ok: false,
      reason: 'not-found',
      message: 'There is no mailbox named "Paris Default Policy".',
    });
    expect(await setMailbox(path, 'alice', NONE, { basedOn: 'another' })).toMatchObject({ reason: 'changed' });
    await writeFile(path, `${text}nonsense: 1\n`);
    expect(await setMailbox(path, 'alice', NONE)).toMatchObject({ reason: 'broken' });
    // Whoever looked at the last good version is told what is wrong now, not that something changed.
    const seen = { basedOn: versionOf(text) };
    expect(await setMailbox(path, 'alice', NONE, seen)).toMatchObject({ reason: 'broken' });
    expect(await readFile(path, 'utf8')).toBe(`${text}nonsense: 1\n`);
  });

  it('holds at once in a store that follows the file', async () => {
    const path = await file(text);
    const store = await openPolicyStore({ path, now: Date.now });
    try {
      const held = new Promise<void>((resolve) => store.onChange(() => resolve()));
      await setMailbox(path, 'alice', NONE);
      await held;
      expect(store.current().mailbox('alice')).toMatchObject(NONE);
    } finally {
      await store.close();
    }
  });

  it('of many users at once: every change is in the file at the end', async () => {
    const names = ['a', 'b', 'c', 'd'];
    const path = await file(
      `${PLANS}mailboxes:\n${names.map((name, n) => `  - { identity: ${name}, extensions: ["100${n}"], mailboxPolicy: Paris Default Policy } # ${name}\n`).join('')}`,
    );
    const results = await Promise.all(names.map((name) => setMailbox(path, name, NONE)));
    expect(results).toEqual(names.map(() => expect.objectContaining({ ok: true })));
    const saved = policyOf(await readFile(path, 'utf8'));
    expect([...saved.mailboxes()].map((mailbox) => mailbox.missedCallNotificationEnabled)).toEqual(
      names.map(() => false),
    );
  });
});
