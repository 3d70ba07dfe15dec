import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach } from 'vitest';
import {
  type Caller,
  type CmdletContext,
  type CmdletResult,
  PERMISSIONS,
  permissionsOf,
  type Role,
  runCmdlet,
} from '../../src/cmdlet/index.ts';
import { type MemoryJournal, memoryJournal } from '../support/admin-journal.ts';

export const NOW = Date.parse('2026-11-24T12:00:00Z');

export const ADMIN: Caller = {
  name: 'root',
  by: 'command-line',
  source: 'local',
  permissions: new Set(PERMISSIONS),
  mailbox: null,
};

export function callerWith(roles: readonly Role[], mailbox: string | null = null): Caller {
  return { name: 'someone', by: 'password', source: '192.0.2.7', permissions: new Set(permissionsOf(roles)), mailbox };
}

export interface Bench {
  readonly policyPath: string;
  readonly journal: MemoryJournal;
  readonly run: (line: string, changes?: Partial<CmdletContext>) => Promise<CmdletResult>;
  readonly file: () => Promise<string>;
  readonly write: (text: string) => Promise<void>;
}

/** A policy file and a journal of its own for each test. */
export function bench(policy: string): Bench {
  let folder = '';
  const state = { policyPath: '', journal: memoryJournal() };
  let ids = 0;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'mcg-cmdlet-'));
    state.policyPath = join(folder, 'policy.yaml');
    state.journal = memoryJournal();
    await writeFile(state.policyPath, policy);
  });
  afterEach(() => rm(folder, { recursive: true }));
  return {
    get policyPath() {
      return state.policyPath;
    },
    get journal() {
      return state.journal;
    },
    run: (line, changes = {}) =>
      runCmdlet(line, {
        policyPath: state.policyPath,
        caller: ADMIN,
        journal: state.journal,
        now: () => NOW,
        newId: () => `id-${++ids}`,
        ...changes,
      }),
    file: () => readFile(state.policyPath, 'utf8'),
    write: (text) => writeFile(state.policyPath, text),
  };
}
