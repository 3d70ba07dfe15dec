import type { PolicyStore } from '../policy/index.ts';
import type { Calls } from './calls.ts';
import type { HopPeers } from './hop-peers.ts';
import type { GatewayLimits } from './limits.ts';
import type { PeerLimits } from './peer-limits.ts';
import type { HopHealth, Router } from './routing.ts';
import type { GatewayLog, GatewaySettings, Registration } from './types.ts';

/** What every leg of a gateway shares. */
export interface GatewayContext {
  readonly settings: GatewaySettings;
  readonly limits: GatewayLimits;
  readonly policy: PolicyStore;
  readonly calls: Calls;
  readonly hopPeers: HopPeers;
  readonly route: Router;
  readonly health: HopHealth;
  readonly peerLimits: PeerLimits;
  /** The live contacts of these addresses-of-record, by the user parts of those. */
  readonly contactsOf: (numbers: readonly string[]) => readonly Registration[];
  readonly log: GatewayLog;
  readonly now: () => number;
}
