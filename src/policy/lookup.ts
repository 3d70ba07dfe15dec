import { calledNumber, sipAddressKey } from './address.ts';
import type { DialPlan, Mailbox, MailboxLookup, MailboxPolicy, Policy } from './types.ts';

/** What a loaded file says, as plain data that can be handed from thread to thread. */
export interface PolicyHead {
  readonly version: string;
  readonly dialPlans: readonly DialPlan[];
  readonly mailboxPolicies: readonly MailboxPolicy[];
}

interface PlanIndex {
  readonly plan: DialPlan;
  /** Extensions, and in E164 plans whole numbers. */
  readonly numbers: Map<string, Mailbox>;
}

const NONE: MailboxLookup = Object.freeze({ kind: 'none' });

function frozen<Value extends object>(value: Value): Value {
  for (const inner of Object.values(value)) if (typeof inner === 'object' && inner !== null) Object.freeze(inner);
  return Object.freeze(value);
}

const key = (name: string): string => name.toLowerCase();

/**
 * One version of the policy with its indexes. Filled mailbox by mailbox before anybody sees it, so that a thread can hand
 * a large file over in pieces; never changed afterwards. The entries must have been checked (checks.ts): here nothing is.
 */
export class LoadedPolicy implements Policy {
  readonly version: string;
  readonly dialPlans: ReadonlyMap<string, DialPlan>;
  readonly mailboxPolicies: ReadonlyMap<string, MailboxPolicy>;
  readonly #mailboxes = new Map<string, Mailbox>();
  readonly #plans = new Map<string, PlanIndex>();
  /** Every plan's numbers together: several mailboxes where several plans have the number. */
  readonly #numbers = new Map<string, Mailbox | Mailbox[]>();
  readonly #sipAddresses = new Map<string, Mailbox>();
  readonly #prefixes = new Map<string, PlanIndex[]>();
  readonly #prefixLengths: readonly number[];

  constructor({ version, dialPlans, mailboxPolicies }: PolicyHead) {
    this.version = version;
    this.dialPlans = new Map(dialPlans.map((plan) => [plan.name, frozen(plan)]));
    this.mailboxPolicies = new Map(mailboxPolicies.map((policy) => [policy.name, frozen(policy)]));
    for (const plan of dialPlans) {
      const index: PlanIndex = { plan, numbers: new Map() };
      this.#plans.set(key(plan.name), index);
      for (const prefix of new Set(plan.numberPrefixes)) {
        const plans = this.#prefixes.get(prefix);
        if (plans === undefined) this.#prefixes.set(prefix, [index]);
        else plans.push(index);
      }
    }
    this.#prefixLengths = [...new Set([...this.#prefixes.keys()].map((prefix) => prefix.length))];
  }

  /** Only while the policy is being made. */
  add(written: Mailbox): void {
    // One string for each policy's name, whatever the mailbox came with: hand-over made copies.
    const policy = this.mailboxPolicies.get(written.mailboxPolicy);
    const mailbox = frozen(policy === undefined ? written : { ...written, mailboxPolicy: policy.name });
    this.#mailboxes.set(key(mailbox.identity), mailbox);
    const numbers = this.#plans.get(key(policy?.dialPlan ?? ''))?.numbers;
    for (const number of mailbox.extensions) {
      numbers?.set(number, mailbox);
      const others = this.#numbers.get(number);
      if (others === undefined) this.#numbers.set(number, mailbox);
      else if (Array.isArray(others)) others.push(mailbox);
      else this.#numbers.set(number, [others, mailbox]);
    }
    for (const address of mailbox.sipAddresses) {
      const known = sipAddressKey(address);
      if (known !== null) this.#sipAddresses.set(known, mailbox);
    }
  }

  get mailboxCount(): number {
    return this.#mailboxes.size;
  }

  mailbox(identity: string): Mailbox | undefined {
    return this.#mailboxes.get(key(identity));
  }

  mailboxes(): Iterable<Mailbox> {
    return this.#mailboxes.values();
  }

  findMailbox(called: { readonly user: string | null; readonly uri: string }, dialPlan?: string): MailboxLookup {
    const plan = dialPlan === undefined ? null : this.#plans.get(key(dialPlan));
    // A plan that the file does not have has no mailboxes.
    if (plan === undefined) return NONE;
    const owner = this.#ownerOfAddress(called.uri, plan);
    if (owner !== null) return { kind: 'found', mailbox: owner };
    const number = calledNumber(called);
    return number === null || number === '' ? NONE : this.#findNumber(number, plan);
  }

  #ownerOfAddress(uri: string, plan: PlanIndex | null): Mailbox | null {
    if (this.#sipAddresses.size === 0) return null;
    const address = sipAddressKey(uri);
    const owner = address === null ? undefined : this.#sipAddresses.get(address);
    if (owner === undefined) return null;
    if (plan !== null && this.mailboxPolicies.get(owner.mailboxPolicy)?.dialPlan !== plan.plan.name) return null;
    return owner;
  }

  #findNumber(number: string, plan: PlanIndex | null): MailboxLookup {
    const hits = this.#hits(number, plan);
    const [first] = hits;
    if (first === undefined) return NONE;
    return hits.length === 1 ? { kind: 'found', mailbox: first } : { kind: 'ambiguous', mailboxes: hits };
  }

  /** Who has the number whole, or a listed prefix and then an extension whole: the last digits alone say nothing. */
  #hits(number: string, plan: PlanIndex | null): Mailbox[] {
    const whole = plan === null ? this.#numbers.get(number) : plan.numbers.get(number);
    const hits = whole === undefined ? [] : Array.isArray(whole) ? [...whole] : [whole];
    for (const length of this.#prefixLengths) {
      const plans = length < number.length ? this.#prefixes.get(number.slice(0, length)) : undefined;
      if (plans === undefined) continue;
      const extension = number.slice(length);
      for (const index of plans) {
        if ((plan !== null && plan !== index) || extension.length !== index.plan.numberOfDigitsInExtension) continue;
        const mailbox = index.numbers.get(extension);
        if (mailbox !== undefined && !hits.includes(mailbox)) hits.push(mailbox);
      }
    }
    return hits;
  }
}
