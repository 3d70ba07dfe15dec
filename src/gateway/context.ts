import type { PolicyStore } from '../policy/index.ts';
import type { Failure } from './hunt/outcome.ts';
import type { UserAgent } from './agent/user-agent.ts';
import type { Calls } from './calls/calls.ts';
import type { Dialogs } from './calls/dialogs.ts';
import type { HopHealth } from './hops/hop-health.ts';
import type { HopPeers } from './hops/hop-peers.ts';
import type { FeatureCodeCalls } from './phones/feature-codes.ts';
import type { GatewayLimits } from './limits.ts';
import type { PeerLimits } from './access/peer-limits.ts';
import type { Router } from './hops/routing.ts';
import type { GatewayLog, GatewaySettings, Registration } from './types.ts';
import type { VoicemailTargets } from './voicemail/voicemail-signs.ts';

/** How a registered phone is reached. The host of its Contact, which is the Request-URI, need not be. */
export interface PhoneWay {
  readonly uri: string;
  /** Where the request is sent; null: where the engine finds it by the Request-URI. */
  readonly proxy: string | null;
  /** RFC 3327 5.3: the value of a Route header; null where there is none. */
  readonly route: string | null;
  /** The engine that it registered at; null: any, for that was in an earlier life, or is not there just now. */
  readonly agent: UserAgent | null;
}

/** Who is registered (registrar.ts). */
export interface RegisteredPhones {
  /** The live contacts of these addresses-of-record, by the user parts of those. */
  contactsOf(numbers: readonly string[]): readonly Registration[];
  wayTo(registration: Registration): PhoneWay;
  /** Whether a phone of this number may register. */
  isPhone(number: string): boolean;
  /** An INVITE to it ended so. */
  contactFailed(registration: Registration, failure: Failure): void;
}

/** What every leg of a gateway shares. */
export interface GatewayContext {
  readonly settings: GatewaySettings;
  readonly limits: GatewayLimits;
  readonly policy: PolicyStore;
  readonly calls: Calls;
  readonly dialogs: Dialogs;
  readonly voicemailTargets: VoicemailTargets;
  readonly featureCodes: FeatureCodeCalls;
  readonly hopPeers: HopPeers;
  readonly route: Router;
  readonly health: HopHealth;
  readonly peerLimits: PeerLimits;
  readonly phones: RegisteredPhones;
  readonly log: GatewayLog;
  readonly now: () => number;
}
