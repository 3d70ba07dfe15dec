import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach } from 'vitest';
import { loadPolicy, type Policy } from '../../src/policy/index.ts';

/** Folders that are gone when the test is over. */
export function temporaryFolders(): () => Promise<string> {
  const folders: string[] = [];
  afterEach(async () => {
    await Promise.all(folders.splice(0).map((folder) => rm(folder, { recursive: true, force: true })));
  });
  return async () => {
    const folder = await mkdtemp(join(tmpdir(), 'mcg-policy-'));
    folders.push(folder);
    return folder;
  };
}

export function policyOf(text: string): Policy {
  const loaded = loadPolicy(text);
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.problems, null, 2));
  return loaded.policy;
}

/** A file of so many mailboxes: user0 has extension 100000, and so on. */
export function manyMailboxes(count: number): string {
  const lines = [
    'dialPlans: [{ name: Big, numberOfDigitsInExtension: 6, numberPrefixes: ["+3314000"] }]',
    'mailboxPolicies: [{ name: Big Default Policy, dialPlan: Big, allowMissedCallNotifications: true }]',
    'mailboxes:',
  ];
  for (let index = 0; index < count; index += 1) {
    lines.push(
      `  - { identity: user${index}, extensions: ["${100_000 + index}"], sipAddresses: ["sip:user${index}@example.com"], mailboxPolicy: Big Default Policy }`,
    );
  }
  return `${lines.join('\n')}\n`;
}
