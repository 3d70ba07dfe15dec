import { calledNumber, sipAddressKey } from './address.ts';
import { wholeNumberOf } from './numbering.ts';
import type { Snapshot } from './snapshot.ts';
import { firstEntry, valueOf } from './table.ts';
import type { DialPlan, Group, Mailbox, MailboxLookup, MailboxPolicy, Policy } from './types.ts';
import { EVERY_PLAN, NumberFinder, ownerOfAddress } from './whose.ts';

const NONE: MailboxLookup = Object.freeze({ kind: 'none' });
const NOBODY: readonly number[] = Object.freeze([]);

type CalledParty = Parameters<Policy['findMailbox']>[0];

function frozen<Value extends object>(value: Value): Value {
  for (const inner of Object.values(value)) if (typeof inner === 'object' && inner !== null) Object.freeze(inner);
  return Object.freeze(value);
}

/** One version of the policy file, never changed. */
export class LoadedPolicy implements Policy {
  readonly version: string;
  readonly dialPlans: ReadonlyMap<string, DialPlan>;
  readonly mailboxPolicies: ReadonlyMap<string, MailboxPolicy>;
  readonly mailboxCount: number;
  readonly groups: ReadonlyMap<string, Group>;
  readonly #snapshot: Snapshot;
  readonly #records: Buffer;
  /** Mailboxes that were asked for. */
  readonly #mailboxes = new Map<number, Mailbox>();
  /** A dial plan's name, in lower case, to its position. */
  readonly #planPositions: ReadonlyMap<string, number>;
  readonly #finder: NumberFinder;

  constructor(snapshot: Snapshot) {
    const { version, dialPlans, mailboxPolicies, groups, records, ends } = snapshot;
    this.version = version;
    this.dialPlans = new Map(dialPlans.map((plan) => [plan.name, frozen(plan)]));
    this.mailboxPolicies = new Map(mailboxPolicies.map((policy) => [policy.name, frozen(policy)]));
    this.mailboxCount = ends.length;
    for (const { members } of groups) members.forEach((member) => Object.freeze(member));
    this.groups = new Map(groups.map((group) => [group.identity, frozen(group)]));
    this.#snapshot = snapshot;
    this.#records = Buffer.from(records.buffer);
    this.#planPositions = new Map(dialPlans.map(({ name }, position) => [name.toLowerCase(), position]));
    this.#finder = new NumberFinder(dialPlans);
  }

  mailbox(identity: string): Mailbox | undefined {
    const { identities } = this.#snapshot;
    const entry = firstEntry(identities, identity.toLowerCase());
    return entry === 0 ? undefined : this.#at(valueOf(identities, entry));
  }

  *mailboxes(): Generator<Mailbox> {
    // Not kept: whoever goes through all of them would fill the memory with them.
    for (let position = 0; position < this.mailboxCount; position += 1) yield this.#decoded(position);
  }

  findMailbox(called: CalledParty, dialPlan?: string): MailboxLookup {
    const plan = this.#planOf(dialPlan);
    // A plan that the file does not have has no mailboxes.
    if (plan === undefined) return NONE;
    const { mailboxOwners, groups } = this.#snapshot;
    const address = sipAddressKey(called.uri);
    if (address !== null) {
      const owner = ownerOfAddress(mailboxOwners, address, plan);
      if (owner !== undefined) return { kind: 'found', mailbox: this.#at(owner) };
      if (groups.length > 0 && this.#groupOfAddress(address, plan) !== undefined) return NONE;
    }
    const number = calledNumber(called);
    const hits = number === null ? [] : this.#finder.ownersOf(mailboxOwners, number, plan);
    const [first] = hits;
    if (first === undefined || number === null) return NONE;
    // A group of another plan may have the same number: without the peer's plan it cannot be told who is meant.
    if (hits.length === 1 && this.#groupsOfNumber(number, plan).length === 0) {
      return { kind: 'found', mailbox: this.#at(first) };
    }
    return { kind: 'ambiguous', mailboxes: hits.map((position) => this.#at(position)) };
  }

  findGroup(called: CalledParty, dialPlan?: string): Group | null {
    const { groups, mailboxOwners } = this.#snapshot;
    const plan = groups.length === 0 ? undefined : this.#planOf(dialPlan);
    if (plan === undefined) return null;
    const address = sipAddressKey(called.uri);
    if (address !== null) {
      const owner = this.#groupOfAddress(address, plan);
      if (owner !== undefined) return groups[owner] ?? null;
      if (ownerOfAddress(mailboxOwners, address, plan) !== undefined) return null;
    }
    const number = calledNumber(called);
    if (number === null) return null;
    const [first, second] = this.#groupsOfNumber(number, plan);
    if (first === undefined || second !== undefined) return null;
    return this.#finder.ownersOf(mailboxOwners, number, plan).length === 0 ? (groups[first] ?? null) : null;
  }

  toE164(number: string, dialPlan: string): string | null {
    const position = this.#planPositions.get(dialPlan.toLowerCase());
    const plan = position === undefined ? undefined : this.#snapshot.dialPlans[position];
    const plain = calledNumber({ user: number, uri: '' });
    return plan === undefined || plain === null ? null : wholeNumberOf(plain, plan);
  }

  #planOf(dialPlan: string | undefined): number | undefined {
    return dialPlan === undefined ? EVERY_PLAN : this.#planPositions.get(dialPlan.toLowerCase());
  }

  #groupOfAddress(address: string, plan: number): number | undefined {
    return ownerOfAddress(this.#snapshot.groupOwners, address, plan);
  }

  #groupsOfNumber(number: string, plan: number): readonly number[] {
    const { groups, groupOwners } = this.#snapshot;
    return groups.length === 0 ? NOBODY : this.#finder.ownersOf(groupOwners, number, plan);
  }

  #at(position: number): Mailbox {
    const known = this.#mailboxes.get(position);
    if (known !== undefined) return known;
    const mailbox = this.#decoded(position);
    this.#mailboxes.set(position, mailbox);
    return mailbox;
  }

  #decoded(position: number): Mailbox {
    const { ends } = this.#snapshot;
    const start = position === 0 ? 0 : (ends[position - 1] ?? 0);
    return frozen(JSON.parse(this.#records.toString('utf8', start, ends[position])) as Mailbox);
  }
}
