import { sipAddressKey } from './address.ts';
import { buffersOf, makeTable, type Table } from './table.ts';
import type { DialPlan, Group, Mailbox, MailboxPolicy } from './types.ts';

/** A checked file as plain data. */
export interface PolicyData {
  readonly version: string;
  readonly dialPlans: readonly DialPlan[];
  readonly mailboxPolicies: readonly MailboxPolicy[];
  readonly mailboxes: readonly Mailbox[];
  readonly groups: readonly Group[];
}

/** Whose a number or address is: owners are positions in the list of mailboxes, or of groups. */
export interface Owners {
  /** Owner to its dial plan's position. */
  readonly plans: Uint16Array<ArrayBuffer>;
  /** Extension, or in an E164 plan number, to those that have it. */
  readonly numbers: Table;
  /** SIP address, by its key, to the one that has it. */
  readonly addresses: Table;
}

/**
 * A policy ready for look-up, in a form that goes from thread to thread at once: the mailboxes are JSON in one buffer, and
 * become objects when somebody asks for them. Dial plans, policies and groups are few, and are copied.
 */
export interface Snapshot {
  readonly version: string;
  readonly dialPlans: readonly DialPlan[];
  readonly mailboxPolicies: readonly MailboxPolicy[];
  readonly groups: readonly Group[];
  /** The mailboxes' JSON in UTF-8, one after the other; `ends` has where each one ends. */
  readonly records: Uint8Array<ArrayBuffer>;
  readonly ends: Uint32Array<ArrayBuffer>;
  /** Identity in lower case to its mailbox. */
  readonly identities: Table;
  readonly mailboxOwners: Owners;
  readonly groupOwners: Owners;
}

interface Owner {
  readonly extensions: readonly string[];
  readonly sipAddresses: readonly string[];
}

function ownersOf<One extends Owner>(list: readonly One[], planOf: (one: One) => number): Owners {
  const numbers: [string, number][] = [];
  const addresses: [string, number][] = [];
  const plans = new Uint16Array(list.length);
  list.forEach((one, position) => {
    plans[position] = planOf(one);
    for (const extension of one.extensions) numbers.push([extension, position]);
    for (const address of one.sipAddresses) addresses.push([sipAddressKey(address) ?? address, position]);
  });
  return { plans, numbers: makeTable(numbers), addresses: makeTable(addresses) };
}

function recordsOf(mailboxes: readonly Mailbox[]): Pick<Snapshot, 'records' | 'ends'> {
  const ends = new Uint32Array(mailboxes.length);
  let end = 0;
  const pieces = mailboxes.map((mailbox, position) => {
    const piece = Buffer.from(JSON.stringify(mailbox));
    end += piece.length;
    ends[position] = end;
    return piece;
  });
  const records = new Uint8Array(end);
  let at = 0;
  for (const piece of pieces) {
    records.set(piece, at);
    at += piece.length;
  }
  return { records, ends };
}

export function makeSnapshot({ version, dialPlans, mailboxPolicies, mailboxes, groups }: PolicyData): Snapshot {
  const planPosition = new Map(dialPlans.map(({ name }, position) => [name, position]));
  const planOfPolicy = new Map(mailboxPolicies.map(({ name, dialPlan }) => [name, planPosition.get(dialPlan) ?? 0]));
  return {
    version,
    dialPlans,
    mailboxPolicies,
    groups,
    ...recordsOf(mailboxes),
    identities: makeTable(mailboxes.map(({ identity }, position) => [identity.toLowerCase(), position])),
    mailboxOwners: ownersOf(mailboxes, ({ mailboxPolicy }) => planOfPolicy.get(mailboxPolicy) ?? 0),
    groupOwners: ownersOf(groups, ({ dialPlan }) => planPosition.get(dialPlan) ?? 0),
  };
}

/** What is handed over instead of copied. */
export function transferables({ records, ends, identities, mailboxOwners, groupOwners }: Snapshot): ArrayBuffer[] {
  const owners = [mailboxOwners, groupOwners].flatMap(({ plans, numbers, addresses }) => [
    plans.buffer,
    ...buffersOf(numbers),
    ...buffersOf(addresses),
  ]);
  return [records.buffer, ends.buffer, ...buffersOf(identities), ...owners];
}
