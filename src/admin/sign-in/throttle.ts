import { isIPv6 } from 'node:net';

/** Wrong passwords for one account from one address, before it has to wait. */
export const FREE_FAILURES = 5;
/** The first wait; each further failure doubles it. */
export const FIRST_WAIT_MS = 1_000;
export const LONGEST_WAIT_MS = 60 * 60_000;
/** Wrong passwords from one address, whatever the account: beyond, only accounts that have been signed in to from there may be tried. */
export const MAX_ADDRESS_FAILURES = 50;
/** Wrong passwords for one account from all addresses: beyond, only addresses that have signed in to it before may try. */
export const MAX_ACCOUNT_FAILURES = 200;
/** Right passwords for one account: each leaves a record in the audit, and programs have API tokens. */
export const MAX_SIGN_INS = 100;
/** How long they count. */
export const WINDOW_MS = 60 * 60_000;
/** Things remembered of each sort; the oldest are forgotten. */
export const MAX_REMEMBERED = 10_000;

interface Tries {
  count: number;
  waitUntil: number;
  readonly forgottenAt: number;
}

/**
 * Who may try a password. A stranger who guesses locks out his own address, not the account: its owner gets in from
 * where she got in before, whatever strangers do.
 */
export interface Throttle {
  /** How long this address has to wait before it may try this account; 0: now. */
  waitMs(account: string, address: string): number;
  failed(account: string, address: string): void;
  succeeded(account: string, address: string): void;
  /** Until when strangers may not try this account; null: they may. */
  lockedUntil(account: string): number | null;
}

export function createThrottle(now: () => number): Throttle {
  const pairs = new Map<string, Tries>();
  const addresses = new Map<string, Tries>();
  const accounts = new Map<string, Tries>();
  const signedIn = new Map<string, Tries>();
  const known = new Map<string, true>();
  const current = (map: Map<string, Tries>, key: string): Tries | undefined => {
    const found = map.get(key);
    if (found === undefined || found.forgottenAt > now()) return found;
    map.delete(key);
    return undefined;
  };
  const count = (map: Map<string, Tries>, key: string): Tries => {
    const found = current(map, key) ?? { count: 0, waitUntil: 0, forgottenAt: now() + WINDOW_MS };
    found.count += 1;
    remember(map, key, found);
    return found;
  };
  const takeBack = (map: Map<string, Tries>, key: string): void => {
    const found = current(map, key);
    if (found !== undefined) found.count = Math.max(0, found.count - 1);
  };
  const over = (failures: Tries | undefined, limit: number): number =>
    failures === undefined || failures.count < limit ? 0 : failures.forgottenAt - now();
  return {
    waitMs(account, address) {
      const from = network(address);
      const pair = `${account.toLowerCase()} ${from}`;
      const paired = Math.max(0, (current(pairs, pair)?.waitUntil ?? 0) - now());
      const isKnown = known.has(pair);
      const byAddress = isKnown ? 0 : over(current(addresses, from), MAX_ADDRESS_FAILURES);
      const byAccount = isKnown ? 0 : over(current(accounts, account.toLowerCase()), MAX_ACCOUNT_FAILURES);
      const tooOften = over(current(signedIn, account.toLowerCase()), MAX_SIGN_INS);
      return Math.max(paired, byAddress, byAccount, tooOften);
    },
    failed(account, address) {
      const from = network(address);
      const pair = count(pairs, `${account.toLowerCase()} ${from}`);
      count(addresses, from);
      count(accounts, account.toLowerCase());
      const beyond = pair.count - FREE_FAILURES;
      if (beyond >= 0) pair.waitUntil = now() + Math.min(FIRST_WAIT_MS * 2 ** Math.min(beyond, 20), LONGEST_WAIT_MS);
    },
    succeeded(account, address) {
      const from = network(address);
      const pair = `${account.toLowerCase()} ${from}`;
      pairs.delete(pair);
      // It was counted before it was known to be right.
      takeBack(addresses, from);
      takeBack(accounts, account.toLowerCase());
      count(signedIn, account.toLowerCase());
      remember(known, pair, true);
    },
    lockedUntil(account) {
      const failures = current(accounts, account.toLowerCase());
      return failures === undefined || failures.count < MAX_ACCOUNT_FAILURES ? null : failures.forgottenAt;
    },
  };
}

function remember<Value>(map: Map<string, Value>, key: string, value: Value): void {
  map.delete(key);
  map.set(key, value);
  const [oldest] = map.keys();
  if (map.size > MAX_REMEMBERED && oldest !== undefined) map.delete(oldest);
}

/** Of IPv6 the /64: whoever has one address has all of it. */
function network(address: string): string {
  if (!isIPv6(address) || address.includes('.')) return address;
  const [head = '', tail = ''] = address.split('::');
  const first = head.split(':').filter(Boolean);
  const last = tail.split(':').filter(Boolean);
  const zeros = Array.from({ length: Math.max(0, 8 - first.length - last.length) }, () => '0');
  return [...first, ...zeros, ...last].slice(0, 4).join(':');
}

/** Changes in an hour that an account may make which has nothing to manage: each leaves a record in the audit. */
export const MAX_OWN_CHANGES = 300;

/** How much each may do within a window. */
export interface Allowance {
  /** Takes one; answers how long it has to wait where none is left, else 0. */
  take(account: string): number;
}

export function createAllowance(now: () => number, max = MAX_OWN_CHANGES): Allowance {
  const taken = new Map<string, { count: number; readonly until: number }>();
  return {
    take(account) {
      const key = account.toLowerCase();
      const found = taken.get(key);
      const mine = found === undefined || found.until <= now() ? { count: 0, until: now() + WINDOW_MS } : found;
      if (mine.count >= max) return mine.until - now();
      mine.count += 1;
      remember(taken, key, mine);
      return 0;
    },
  };
}
