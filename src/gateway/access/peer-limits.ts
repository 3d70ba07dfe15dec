import { PEER_REFUSAL_LINE_MS } from '../limits.ts';
import type { GatewayLog, Peer } from '../types.ts';

/** What a peer may have and start at once (peers[].maxCalls, maxCallsPerSecond). */
export interface PeerLimits {
  /** Whether a new call of the peer, which has so many live ones, may go on. Refusals are logged seldom, and counted. */
  admit(peer: Peer, liveCalls: number): boolean;
}

/** Kept for each peer of the configuration that has a limit. */
interface Account {
  /** Token bucket: what may be started now, filled at `maxCallsPerSecond` up to one second's worth. */
  tokens: number;
  filledAt: number;
  saidAt: number;
  /** Refused since the last line. */
  refused: number;
}

export function createPeerLimits(now: () => number, log: GatewayLog): PeerLimits {
  const accounts = new Map<string, Account>();
  const accountOf = ({ name, maxCallsPerSecond }: Peer, at: number): Account => {
    let account = accounts.get(name);
    if (account === undefined) {
      account = { tokens: maxCallsPerSecond ?? 0, filledAt: at, saidAt: -Infinity, refused: 0 };
      accounts.set(name, account);
    }
    return account;
  };
  return {
    admit(peer, liveCalls) {
      if (peer.maxCalls === null && peer.maxCallsPerSecond === null) return true;
      const at = now();
      const account = accountOf(peer, at);
      const why = refusal(peer, account, liveCalls, at);
      if (why === null) return true;
      account.refused += 1;
      // Also where the clock was set back.
      if (Math.abs(at - account.saidAt) >= PEER_REFUSAL_LINE_MS) {
        log.warn({ peer: peer.name, why, refused: account.refused }, 'calls of a peer are refused');
        account.saidAt = at;
        account.refused = 0;
      }
      return false;
    },
  };
}

/** Why the call may not go on; where it may, it has taken its token. */
function refusal(
  { maxCalls, maxCallsPerSecond }: Peer,
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
