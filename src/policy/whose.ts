import { dialledWhole, hasDiallingCodes } from './numbering.ts';
import type { Owners } from './snapshot.ts';
import { firstEntry, nextEntry, valueOf } from './table.ts';
import type { DialPlan } from './types.ts';

/** Instead of a dial plan's position: all of them. */
export const EVERY_PLAN = -1;

/** Plans whose users dial alike: a number is read once for all of them. */
interface DiallingRule {
  readonly codes: DialPlan;
  readonly plans: ReadonlySet<number>;
}

/** Finds out whose a number is (design 4.2), among mailboxes or among groups. */
export class NumberFinder {
  readonly #dialPlans: readonly DialPlan[];
  /** Number prefix to the positions of the plans that list it. */
  readonly #prefixes = new Map<string, number[]>();
  readonly #prefixLengths: readonly number[];
  readonly #rules: readonly DiallingRule[];

  constructor(dialPlans: readonly DialPlan[]) {
    this.#dialPlans = dialPlans;
    dialPlans.forEach(({ numberPrefixes }, position) => {
      for (const prefix of new Set(numberPrefixes)) {
        const plans = this.#prefixes.get(prefix);
        if (plans === undefined) this.#prefixes.set(prefix, [position]);
        else plans.push(position);
      }
    });
    this.#prefixLengths = [...new Set([...this.#prefixes.keys()].map((prefix) => prefix.length))];
    this.#rules = rulesOf(dialPlans);
  }

  /** Who has the number whole, or a listed prefix and then an extension whole: the last digits alone say nothing. */
  ownersOf(owners: Owners, number: string, plan: number): number[] {
    const hits: number[] = [];
    this.#collect(owners, number, plan, hits);
    for (const { codes, plans } of this.#rules) {
      if (plan !== EVERY_PLAN && !plans.has(plan)) continue;
      const whole = dialledWhole(number, codes);
      if (whole !== null) this.#collect(owners, whole, plan, hits, plans);
    }
    return hits;
  }

  /** `among`: only in plans of these. */
  #collect(owners: Owners, number: string, plan: number, hits: number[], among?: ReadonlySet<number>): void {
    collectExact(owners, number, plan, hits, among);
    for (const length of this.#prefixLengths) {
      const plans = length < number.length ? this.#prefixes.get(number.slice(0, length)) : undefined;
      if (plans === undefined) continue;
      const extension = number.slice(length);
      for (const position of plans) {
        if (plan !== EVERY_PLAN && plan !== position) continue;
        if (this.#dialPlans[position]?.numberOfDigitsInExtension === extension.length)
          collectExact(owners, extension, position, hits, among);
      }
    }
  }
}

function collectExact(
  { numbers, plans }: Owners,
  number: string,
  plan: number,
  hits: number[],
  among: ReadonlySet<number> | undefined,
): void {
  for (let entry = firstEntry(numbers, number); entry !== 0; entry = nextEntry(numbers, number, entry)) {
    const owner = valueOf(numbers, entry);
    const its = plans[owner] ?? EVERY_PLAN;
    const counts = (plan === EVERY_PLAN || plan === its) && (among === undefined || among.has(its));
    if (counts && !hits.includes(owner)) hits.push(owner);
  }
}

/** Whose SIP address this is (by its key); undefined where it is nobody's of that plan. */
export function ownerOfAddress({ addresses, plans }: Owners, address: string, plan: number): number | undefined {
  const entry = addresses.values.length === 0 ? 0 : firstEntry(addresses, address);
  if (entry === 0) return undefined;
  const owner = valueOf(addresses, entry);
  return plan === EVERY_PLAN || plans[owner] === plan ? owner : undefined;
}

function rulesOf(dialPlans: readonly DialPlan[]): DiallingRule[] {
  const rules = new Map<string, { codes: DialPlan; plans: Set<number> }>();
  dialPlans.forEach((plan, position) => {
    if (!hasDiallingCodes(plan)) return;
    const { countryOrRegionCode, nationalNumberPrefix, internationalAccessCode, outsideLineAccessCode } = plan;
    const key = [countryOrRegionCode, nationalNumberPrefix, internationalAccessCode, outsideLineAccessCode].join(' ');
    const rule = rules.get(key);
    if (rule === undefined) rules.set(key, { codes: plan, plans: new Set([position]) });
    else rule.plans.add(position);
  });
  return [...rules.values()];
}
