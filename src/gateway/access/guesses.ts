import { isIPv6 } from 'node:net';

/** A source may be wrong so often at once … */
export const MAX_FAILURES = 20;
/** … and again each time so long has passed: who tries a list of passwords gets six of them a minute. */
export const FAILURE_FORGIVEN_MS = 10_000;
/** Sources that were wrong lately; beyond, the one that was entered first is forgotten. */
export const MAX_WATCHED_SOURCES = 10_000;

interface Account {
  /** Failures that are not forgiven yet; falls by one each `FAILURE_FORGIVEN_MS`. */
  failures: number;
  at: number;
}

/** Wrong passwords by source: what makes guessing hopeless, and costs a phone that is set up wrongly nothing but its own calls. */
export class Guesses {
  readonly #now: () => number;
  readonly #accounts = new Map<string, Account>();

  constructor(now: () => number) {
    this.#now = now;
  }

  get size(): number {
    return this.#accounts.size;
  }

  /** Whether the source has been wrong too often: what it shows is not looked at. */
  isLockedOut(source: string): boolean {
    const account = this.#accounts.get(sourceOf(source));
    return account !== undefined && this.#left(account) > MAX_FAILURES - 1;
  }

  failed(source: string): void {
    const key = sourceOf(source);
    const known = this.#accounts.get(key);
    const failures = (known === undefined ? 0 : this.#left(known)) + 1;
    if (known === undefined && this.#accounts.size >= MAX_WATCHED_SOURCES) this.#forgetOne();
    this.#accounts.set(key, { failures, at: this.#now() });
  }

  #left({ failures, at }: Account): number {
    // Also where the clock was set back.
    const forgiven = Math.max(0, this.#now() - at) / FAILURE_FORGIVEN_MS;
    return Math.max(0, failures - forgiven);
  }

  #forgetOne(): void {
    for (const key of this.#accounts.keys()) {
      this.#accounts.delete(key);
      return;
    }
  }
}

/** Whoever has one IPv6 address has its whole /64. */
export function sourceOf(address: string): string {
  const bare = address.replace(/^\[|\]$/g, '').replace(/^::ffff:(?=\d+\.)/i, '');
  if (!isIPv6(bare)) return bare;
  const [head = '', tail = ''] = bare.toLowerCase().split('::', 2);
  const groups = head === '' ? [] : head.split(':');
  const behind = bare.includes('::') && tail !== '' ? tail.split(':') : [];
  const zeros = bare.includes('::')
    ? Array.from({ length: Math.max(0, 8 - groups.length - behind.length) }, () => '0')
    : [];
  return [...groups, ...zeros, ...behind].slice(0, 4).join(':');
}
