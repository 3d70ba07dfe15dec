import { REFUSAL_LINE_MS } from '../limits.ts';
import { createSeldom } from './seldom.ts';
import type { GatewayLog, Peer } from '../types.ts';

/** Whose calls are counted: a peer, or one account of a phone. */
export type Counted = Pick<Peer, 'name' | 'maxCalls' | 'maxCallsPerSecond'>;

/** What a peer or a phone may have and start at once (peers[].maxCalls, maxCallsPerSecond). */
export interface PeerLimits {
  /** Whether a new call of who has so many live ones may go on. Refusals are logged seldom, and counted. */
  admit(who: Counted, liveCalls: number): boolean;
}

/** Of whom calls are counted at once; beyond, whoever was entered first begins anew. */
export const MAX_COUNTED = 10_000;

/** Token bucket: what may be started now, filled at `maxCallsPerSecond` up to one second's worth. */
interface Account {
  tokens: number;
  filledAt: number;
}

export function createPeerLimits(now: () => number, log: GatewayLog): PeerLimits {
  const accounts = new Map<string, Account>();
  const refusals = createSeldom(now, REFUSAL_LINE_MS);
  const accountOf = ({ name, maxCallsPerSecond }: Counted, at: number): Account => {
    let account = accounts.get(name);
    if (account === undefined) {
      account = { tokens: maxCallsPerSecond ?? 0, filledAt: at };
      const [first] = accounts.keys();
      if (first !== undefined && accounts.size >= MAX_COUNTED) accounts.delete(first);
      accounts.set(name, account);
    }
    return account;
  };
  return {
    admit(who, liveCalls) {
      if (who.maxCalls === null && who.maxCallsPerSecond === null) return true;
      const at = now();
      const why = refusal(who, accountOf(who, at), liveCalls, at);
      if (why === null) return true;
      const refused = refusals.count(who.name);
      if (refused !== null) log.warn({ peer: who.name, why, refused }, 'calls of a peer are refused');
      return false;
    },
  };
}

/** Why the call may not go on; where it may, it has taken its token. */
function refusal(
  { maxCalls, maxCallsPerSecond }: Counted,
  account: Account,
  liveCalls: number,
  at: number,
): string | null {
  if (maxCalls !== null && liveCalls >= maxCalls) return `${maxCalls} calls live already (maxCalls)`;
  if (maxCallsPerSecond === null) return null;
  // A clock that is set back fills nothing.
  const elapsedMs = Math.max(0, at - account.filledAt);
  account.tokens = Math.min(maxCallsPerSecond, account.tokens + (elapsedMs * maxCallsPerSecond) / 1_000);
  account.filledAt = at;
  if (account.tokens < 1) return `more than ${maxCallsPerSecond} calls a second (maxCallsPerSecond)`;
  account.tokens -= 1;
  return null;
}
