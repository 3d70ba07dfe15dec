import { describe, expect, it } from 'vitest';
import { readPolicy } from '../../src/policy/load.ts';
import { makeSnapshot, type Snapshot, transferables } from '../../src/policy/snapshot.ts';
import { manyMailboxes } from './files.ts';

function snapshotOf(mailboxes: number): Snapshot {
  const reading = readPolicy(manyMailboxes(mailboxes));
  if (!reading.ok) throw new Error(JSON.stringify(reading.problems));
  return makeSnapshot(reading.data);
}

/** Characters of all texts and numbers of all values that are copied where it goes to another thread. */
function copied(value: unknown): number {
  if (typeof value === 'string') return value.length;
  if (ArrayBuffer.isView(value) || typeof value !== 'object' || value === null) return 1;
  return Object.values(value).reduce((sum: number, inner: unknown) => sum + copied(inner), 0);
}

describe('what the loader hands to main', () => {
  it('has nothing that is copied and grows with the number of mailboxes', () => {
    expect(copied(snapshotOf(2_000))).toBe(copied(snapshotOf(2)));
  });

  it('hands every array over instead of copying it', () => {
    const snapshot = snapshotOf(2);
    structuredClone(snapshot, { transfer: transferables(snapshot) });
    const { records, ends, identities, mailboxOwners, groupOwners } = snapshot;
    const tables = [identities, mailboxOwners.numbers, mailboxOwners.addresses, groupOwners.numbers];
    const arrays = [records, ends, mailboxOwners.plans, groupOwners.plans, ...tables.flatMap((t) => Object.values(t))];
    for (const array of arrays) expect(array).toMatchObject({ byteLength: 0 });
  });
});
