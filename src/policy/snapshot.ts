import { sipAddressKey } from './address.ts';
import { buffersOf, makeTable, type Table } from './table.ts';
import type { DialPlan, Mailbox, MailboxPolicy } from './types.ts';

/** A checked file as plain data. */
export interface PolicyData {
  readonly version: string;
  readonly dialPlans: readonly DialPlan[];
  readonly mailboxPolicies: readonly MailboxPolicy[];
  readonly mailboxes: readonly Mailbox[];
}

/**
 * A policy ready for look-up, in a form that goes from thread to thread at once: the mailboxes are JSON in one buffer, and
 * become objects when somebody asks for them.
 */
export interface Snapshot {
  readonly version: string;
  readonly dialPlans: readonly DialPlan[];
  readonly mailboxPolicies: readonly MailboxPolicy[];
  /** The mailboxes' JSON in UTF-8, one after the other; `ends` has where each one ends. */
  readonly records: Uint8Array<ArrayBuffer>;
  readonly ends: Uint32Array<ArrayBuffer>;
  /** Mailbox to its dial plan's position. */
  readonly plans: Uint16Array<ArrayBuffer>;
  /** Identity in lower case to its mailbox. */
  readonly identities: Table;
  /** Extension, or in an E164 plan number, to the mailboxes that have it. */
  readonly numbers: Table;
  /** SIP address, by its key, to its mailbox. */
  readonly addresses: Table;
}

export function makeSnapshot({ version, dialPlans, mailboxPolicies, mailboxes }: PolicyData): Snapshot {
  const planPosition = new Map(dialPlans.map(({ name }, position) => [name, position]));
  const planOfPolicy = new Map(mailboxPolicies.map(({ name, dialPlan }) => [name, planPosition.get(dialPlan) ?? 0]));
  const identities: [string, number][] = [];
  const numbers: [string, number][] = [];
  const addresses: [string, number][] = [];
  const records: Buffer[] = [];
  const ends = new Uint32Array(mailboxes.length);
  const plans = new Uint16Array(mailboxes.length);
  let end = 0;
  mailboxes.forEach((mailbox, position) => {
    const record = Buffer.from(JSON.stringify(mailbox));
    records.push(record);
    end += record.length;
    ends[position] = end;
    plans[position] = planOfPolicy.get(mailbox.mailboxPolicy) ?? 0;
    identities.push([mailbox.identity.toLowerCase(), position]);
    for (const extension of mailbox.extensions) numbers.push([extension, position]);
    for (const address of mailbox.sipAddresses) addresses.push([sipAddressKey(address) ?? address, position]);
  });
  const bytes = new Uint8Array(end);
  let at = 0;
  for (const record of records) {
    bytes.set(record, at);
    at += record.length;
  }
  const tables = { identities: makeTable(identities), numbers: makeTable(numbers), addresses: makeTable(addresses) };
  return { version, dialPlans, mailboxPolicies, records: bytes, ends, plans, ...tables };
}

/** What is handed over instead of copied. */
export function transferables({ records, ends, plans, identities, numbers, addresses }: Snapshot): ArrayBuffer[] {
  const tables = [identities, numbers, addresses].flatMap(buffersOf);
  return [records.buffer, ends.buffer, plans.buffer, ...tables];
}
