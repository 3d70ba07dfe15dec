import { chmod, mkdir, readdir, readFile, rm, stat, truncate, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  editPolicy,
  type EditOptions,
  type EditRecord,
  loadPolicy,
  openPolicyStore,
  type EditResult,
  policyVersions,
  readPolicyVersion,
  rollBackPolicy,
} from '../../src/policy/index.ts';
import { LOCK_STALE_MS } from '../../src/policy/file.ts';
import { AUDIT_WAIT_MS, KEPT_VERSIONS, MAX_VERSIONS_BYTES } from '../../src/policy/limits.ts';
import { versionOf } from '../../src/policy/load.ts';
import { temporaryFolders } from './files.ts';

const temporaryFolder = temporaryFolders();

const TEXT = `# ours
dialPlans: [{ name: Paris, numberOfDigitsInExtension: 4 }]
mailboxPolicies: [{ name: Staff, dialPlan: Paris, allowMissedCallNotifications: true }]
mailboxes: [{ identity: alice, extensions: ["1001"], mailboxPolicy: Staff }]
`;

async function file(): Promise<string> {
  const path = join(await temporaryFolder(), 'policy.yaml');
  await writeFile(path, TEXT, { mode: 0o640 });
  return path;
}

const rename = (path: string, displayName: string, options: EditOptions = {}): Promise<EditResult> =>
  editPolicy({
    path,
    changes: [{ kind: 'mailbox', action: 'set', name: 'alice', changes: { displayName } }],
    ...options,
  });

describe('the file’s versions', () => {
  it('are kept beside it with time, version and who made them, newest first; the mode is the file’s', async () => {
    const path = await file();
    await utimes(path, 1_000, 1_000);
    const by = 'Zoë / "admin"\n../x';
    const first = await rename(path, 'A', { by });
    const second = await rename(path, 'B');
    const versions = await policyVersions(path);
    expect(versions).toMatchObject([
      { version: second.ok && second.version, by: null },
      { version: first.ok && first.version, by },
      { version: versionOf(TEXT), by: null, at: 1_000_000, bytes: TEXT.length },
    ]);
    expect(versions[0]?.at).toBeGreaterThan(versions[1]?.at ?? 0);
    expect(await readPolicyVersion(path, versionOf(TEXT))).toBe(TEXT);
    expect(await readPolicyVersion(path, '000000000000')).toBeNull();
    const folder = join(path, '..', 'policy.versions');
    expect((await stat(folder)).mode & 0o777).toBe(0o750);
    const names = await readdir(folder);
    expect(names).toHaveLength(3);
    for (const name of names) {
      expect(name).toMatch(/^[0-9]{8}T[0-9]{9}Z-[0-9a-f]{12}(?:-[^/\s]+)?\.yaml$/);
      expect((await stat(join(folder, name))).mode & 0o777).toBe(0o640);
    }
  });

  it('are as many as is said', async () => {
    const path = await file();
    for (const name of ['A', 'B', 'C', 'D']) await rename(path, name, { keepVersions: 3 });
    expect(await policyVersions(path)).toHaveLength(3);
    await rename(path, 'E', { keepVersions: 0 });
    expect(await policyVersions(path)).toHaveLength(3);
    expect(KEPT_VERSIONS).toBe(50);
  });

  it('of whoever made the most of them go first: a user who switches all day takes nobody else’s away', async () => {
    const path = await file();
    await rename(path, 'by the admin', { keepVersions: 4, by: 'admin' });
    for (const name of ['A', 'B', 'C', 'D', 'E', 'F']) await rename(path, name, { keepVersions: 4, by: 'mallory' });
    const versions = await policyVersions(path);
    expect(versions.map(({ by }) => by)).toEqual(['mallory', 'mallory', 'admin', null]);
  });

  it('their directory is for nobody whom the file is not for', async () => {
    const path = await file();
    await chmod(path, 0o600);
    expect(await rename(path, 'A')).toMatchObject({ ok: true });
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect((await stat(join(path, '..', 'policy.versions'))).mode & 0o777).toBe(0o700);
  });

  it('have so many bytes together, but for the newest', async () => {
    const path = await file();
    const folder = join(path, '..', 'policy.versions');
    await mkdir(folder);
    for (const day of ['01', '02', '03']) {
      const old = join(folder, `202001${day}T000000000Z-0123456789ab.yaml`);
      await writeFile(old, '');
      await truncate(old, MAX_VERSIONS_BYTES / 2 - 1_000);
    }
    await rename(path, 'A');
    expect((await policyVersions(path)).map(({ bytes }) => bytes > 1_000)).toEqual([false, false, true, true]);
  });

  it('files of other names in their directory are left alone; a damaged version is none', async () => {
    const path = await file();
    const folder = join(path, '..', 'policy.versions');
    await mkdir(folder);
    await writeFile(join(folder, 'notes.txt'), 'x');
    await rename(path, 'A', { keepVersions: 1 });
    const [name = ''] = (await readdir(folder)).filter((one) => one.endsWith('.yaml'));
    await writeFile(join(folder, name), 'cut');
    const [version] = await policyVersions(path);
    expect(await readPolicyVersion(path, version?.version ?? '')).toBeNull();
    expect(await readdir(folder)).toContain('notes.txt');
  });

  it('nothing is kept of a dry run, of an edit that changes nothing, and of one that is refused', async () => {
    const path = await file();
    await rename(path, 'A', { dryRun: true });
    await rename(path, 'alice');
    await rename(path, 'A', { basedOn: 'another' });
    expect(await policyVersions(path)).toEqual([]);
  });

  it('one that an editor saved is kept when it is loaded, by nobody known; one that cannot be loaded is not', async () => {
    const path = await file();
    const store = await openPolicyStore({ path, now: Date.now });
    try {
      await writeFile(path, `${TEXT}# saved by hand\n`);
      await store.reload();
      await writeFile(path, `${TEXT}broken: 1\n`);
      await store.reload();
      expect(await policyVersions(path)).toMatchObject([
        { version: versionOf(`${TEXT}# saved by hand\n`), by: null },
        { version: versionOf(TEXT), by: null },
      ]);
    } finally {
      await store.close();
    }
  });

  it('an edit while the store follows the file is kept once, by whom it was made', async () => {
    const path = await file();
    const store = await openPolicyStore({ path, now: Date.now });
    try {
      await rename(path, 'A', { by: 'carol' });
      await store.reload();
      expect(await policyVersions(path)).toMatchObject([{ by: 'carol' }, { by: null }]);
    } finally {
      await store.close();
    }
  });

  it('a directory that cannot be made hinders no load', async () => {
    const path = await file();
    await writeFile(join(path, '..', 'policy.versions'), 'a file');
    const store = await openPolicyStore({ path, now: Date.now });
    await store.close();
    expect(store.current().mailboxCount).toBe(1);
    // An edit would leave nothing to go back to.
    expect(await rename(path, 'A')).toMatchObject({ ok: false, reason: 'unwritable' });
    expect(await readFile(path, 'utf8')).toBe(TEXT);
  });
});

describe('rolling back', () => {
  it('makes a version the file’s text again, letter for letter, as a version of its own', async () => {
    const path = await file();
    await rename(path, 'A');
    const result = await rollBackPolicy({ path, version: versionOf(TEXT), by: 'dave' });
    expect(result).toMatchObject({ ok: true, changed: true, version: versionOf(TEXT) });
    expect(result.ok && result.changes).toMatchObject([
      { kind: 'mailbox', name: 'alice', before: { displayName: 'A' }, after: { displayName: 'alice' } },
    ]);
    expect(await readFile(path, 'utf8')).toBe(TEXT);
    expect((await policyVersions(path)).map(({ by }) => by)).toEqual(['dave', null, null]);
  });

  it('mends a file that is broken, and keeps that too', async () => {
    const path = await file();
    await rename(path, 'A');
    await writeFile(path, 'broken: 1\n');
    expect(await rollBackPolicy({ path, version: versionOf(TEXT) })).toMatchObject({ ok: true, changed: true });
    expect(loadPolicy(await readFile(path, 'utf8')).ok).toBe(true);
    expect((await policyVersions(path)).map(({ version }) => version)).toContain(versionOf('broken: 1\n'));
  });

  it('is refused for a version that is not kept, one that has mistakes, and a file that has changed since', async () => {
    const path = await file();
    await rename(path, 'A');
    await writeFile(path, 'broken: 1\n');
    await rollBackPolicy({ path, version: versionOf(TEXT) });
    expect(await rollBackPolicy({ path, version: 'abc' })).toMatchObject({ reason: 'not-found' });
    expect(await rollBackPolicy({ path, version: versionOf('broken: 1\n') })).toMatchObject({
      reason: 'invalid',
      problems: [{ path: 'broken' }],
    });
    expect(await rollBackPolicy({ path, version: versionOf(TEXT), basedOn: 'x' })).toMatchObject({ reason: 'changed' });
  });

  it('mends a broken file for whoever has seen the last good one', async () => {
    const path = await file();
    await rename(path, 'A');
    const good = versionOf(await readFile(path, 'utf8'));
    await writeFile(path, 'broken: 1\n');
    expect(await rollBackPolicy({ path, version: good, basedOn: good })).toMatchObject({ ok: true, changed: true });
    expect(versionOf(await readFile(path, 'utf8'))).toBe(good);
    expect((await policyVersions(path)).map(({ version }) => version)).toContain(versionOf('broken: 1\n'));
  });
});

describe('an edit is told to the audit', () => {
  it('before the file is replaced, and after', async () => {
    const path = await file();
    const told: unknown[] = [];
    const result = await rename(path, 'A', {
      audit: {
        async intent(record: EditRecord) {
          told.push([
            record.versionBefore,
            record.version,
            record.changed[0]?.name,
            (await readFile(path, 'utf8')) === TEXT,
          ]);
        },
        async result(record, outcome) {
          told.push([record.version, outcome, (await readFile(path, 'utf8')) === TEXT]);
        },
      },
    });
    const version = result.ok ? result.version : '';
    expect(told).toEqual([
      [versionOf(TEXT), version, 'alice', true],
      [version, { ok: true }, false],
    ]);
  });

  it('is not made where that fails', async () => {
    const path = await file();
    let results = 0;
    const audit = {
      intent: () => Promise.reject(new Error('the journal is full')),
      result: async () => void (results += 1),
    };
    expect(await rename(path, 'A', { audit })).toMatchObject({
      ok: false,
      reason: 'refused',
      message: /it could not be recorded that it would be: the journal is full$/,
    });
    expect(results).toBe(0);
    expect(await readFile(path, 'utf8')).toBe(TEXT);
    expect(await readdir(join(path, '..'))).toEqual(['policy.yaml']);
  });

  it('is not made where nobody answers in time', async () => {
    const path = await file();
    const outcomes: unknown[] = [];
    const audit = {
      intent: () => new Promise<void>(() => undefined),
      result: async (_record: unknown, outcome: unknown) => void outcomes.push(outcome),
    };
    expect(await rename(path, 'A', { audit, auditWaitMs: 50 })).toMatchObject({
      reason: 'refused',
      message: /no answer within 50 ms/,
    });
    expect(outcomes).toMatchObject([{ ok: false, reason: 'refused' }]);
    expect(await readdir(join(path, '..'))).toEqual(['policy.yaml']);
    expect(AUDIT_WAIT_MS).toBeLessThan(LOCK_STALE_MS);
  });

  it('nothing is told of a dry run, of an edit that changes nothing, or of one that is refused', async () => {
    const path = await file();
    let told = 0;
    const audit = { intent: async () => void (told += 1), result: async () => void (told += 1) };
    await rename(path, 'A', { audit, dryRun: true });
    await rename(path, 'alice', { audit });
    await rename(path, '', { audit });
    expect(told).toBe(0);
  });

  it('a file that is changed while that is recorded stays as it was changed, and the audit is told', async () => {
    const path = await file();
    const outcomes: unknown[] = [];
    const audit = {
      intent: () => writeFile(path, `${TEXT}# meanwhile\n`),
      result: async (_record: unknown, outcome: unknown) => void outcomes.push(outcome),
    };
    expect(await rename(path, 'A', { audit })).toMatchObject({ ok: false, reason: 'changed' });
    expect(outcomes).toMatchObject([{ ok: false, reason: 'changed' }]);
    expect(await readFile(path, 'utf8')).toBe(`${TEXT}# meanwhile\n`);
    expect((await policyVersions(path)).map(({ version }) => version)).toEqual([versionOf(TEXT)]);
  });

  it('a file that is gone meanwhile is told', async () => {
    const path = await file();
    const audit = { intent: () => rm(path), result: () => Promise.reject(new Error('no')) };
    expect(await rename(path, 'A', { audit })).toMatchObject({ ok: false });
    expect(await readdir(join(path, '..'))).toEqual(['policy.versions']);
  });
});
