import { calledNumber, sipAddressKey } from './address.ts';
import type { Snapshot } from './snapshot.ts';
import { firstEntry, nextEntry, valueOf } from './table.ts';
import type { DialPlan, Group, Mailbox, MailboxLookup, MailboxPolicy, Policy } from './types.ts';

const NONE: MailboxLookup = Object.freeze({ kind: 'none' });
/** Instead of a dial plan's position: all of them. */
const EVERY_PLAN = -1;

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
  readonly #snapshot: Snapshot;
  readonly #records: Buffer;
  /** Mailboxes that were asked for. */
  readonly #mailboxes = new Map<number, Mailbox>();
  /** A dial plan's name, in lower case, to its position. */
  readonly #planPositions: ReadonlyMap<string, number>;
  /** Number prefix to the positions of the plans that list it. */
  readonly #prefixes = new Map<string, number[]>();
  readonly #prefixLengths: readonly number[];

  constructor(snapshot: Snapshot) {
    const { version, dialPlans, mailboxPolicies, records, ends } = snapshot;
    this.version = version;
    this.dialPlans = new Map(dialPlans.map((plan) => [plan.name, frozen(plan)]));
    this.mailboxPolicies = new Map(mailboxPolicies.map((policy) => [policy.name, frozen(policy)]));
    this.mailboxCount = ends.length;
    this.#snapshot = snapshot;
    this.#records = Buffer.from(records.buffer);
    this.#planPositions = new Map(dialPlans.map(({ name }, position) => [name.toLowerCase(), position]));
    dialPlans.forEach(({ numberPrefixes }, position) => {
      for (const prefix of new Set(numberPrefixes)) {
        const plans = this.#prefixes.get(prefix);
        if (plans === undefined) this.#prefixes.set(prefix, [position]);
        else plans.push(position);
      }
    });
    this.#prefixLengths = [...new Set([...this.#prefixes.keys()].map((prefix) => prefix.length))];
  }

  mailbox(identity: string): Mailbox | undefined {
    const { identities } = this.#snapshot;
    const entry = firstEntry(identities, identity.toLowerCase());
    return entry === 0 ? undefined : this.#at(valueOf(identities, entry));
  }

  readonly groups: ReadonlyMap<string, Group> = new Map();

  findGroup(): Group | null {
    return null;
  }

  toE164(): string | null {
    return null;
  }

  *mailboxes(): Generator<Mailbox> {
    // Not kept: whoever goes through all of them would fill the memory with them.
    for (let position = 0; position < this.mailboxCount; position += 1) yield this.#decoded(position);
  }

  findMailbox(called: { readonly user: string | null; readonly uri: string }, dialPlan?: string): MailboxLookup {
    const plan = dialPlan === undefined ? EVERY_PLAN : this.#planPositions.get(dialPlan.toLowerCase());
    // A plan that the file does not have has no mailboxes.
    if (plan === undefined) return NONE;
    const owner = this.#ownerOfAddress(called.uri, plan);
    if (owner !== undefined) return { kind: 'found', mailbox: this.#at(owner) };
    const number = calledNumber(called);
    const hits = number === null ? [] : this.#ownersOfNumber(number, plan);
    const [first] = hits;
    if (first === undefined) return NONE;
    if (hits.length === 1) return { kind: 'found', mailbox: this.#at(first) };
    return { kind: 'ambiguous', mailboxes: hits.map((position) => this.#at(position)) };
  }

  #ownerOfAddress(uri: string, plan: number): number | undefined {
    const { addresses } = this.#snapshot;
    if (addresses.values.length === 0) return undefined;
    const address = sipAddressKey(uri);
    const entry = address === null ? 0 : firstEntry(addresses, address);
    if (entry === 0) return undefined;
    const position = valueOf(addresses, entry);
    return this.#isIn(position, plan) ? position : undefined;
  }

  /** Who has the number whole, or a listed prefix and then an extension whole: the last digits alone say nothing. */
  #ownersOfNumber(number: string, plan: number): number[] {
    const hits: number[] = [];
    this.#collect(number, plan, hits);
    for (const length of this.#prefixLengths) {
      const plans = length < number.length ? this.#prefixes.get(number.slice(0, length)) : undefined;
      if (plans === undefined) continue;
      const extension = number.slice(length);
      for (const position of plans) {
        const digits = this.#snapshot.dialPlans[position]?.numberOfDigitsInExtension;
        if (digits === extension.length && (plan === EVERY_PLAN || plan === position))
          this.#collect(extension, position, hits);
      }
    }
    return hits;
  }

  #collect(number: string, plan: number, hits: number[]): void {
    const { numbers } = this.#snapshot;
    for (let entry = firstEntry(numbers, number); entry !== 0; entry = nextEntry(numbers, number, entry)) {
      const position = valueOf(numbers, entry);
      if (this.#isIn(position, plan) && !hits.includes(position)) hits.push(position);
    }
  }

  #isIn(position: number, plan: number): boolean {
    return plan === EVERY_PLAN || this.#snapshot.plans[position] === plan;
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
