/** Every bound and wait of the gateway that is not configuration. */
export interface GatewayLimits {
  /** Inbound INVITEs and the calls of them that live at once; beyond it 503 with Retry-After. */
  readonly liveCallers: number;
  /**
   * Live calls of one phone's account; beyond it 503. Those that a switchboard has passed on count for as long as they last: more
   * than any phone has, and little enough for who stole its password.
   */
  readonly callsPerPhone: number;
  /** INVITEs of one phone's account in a second, a burst of so many at most; people dial slower. */
  readonly callsPerPhonePerSecond: number;
  /** Inbound INVITEs joined to one call (forks, loop-backs); beyond it 482. */
  readonly callersPerCall: number;
  /** Outbound INVITEs of one call, failed ones included; nobody is rung beyond it. */
  readonly legsPerCall: number;
  /** Redirections (3xx) followed for one inbound INVITE. */
  readonly redirects: number;
  /** The ring timer starts with the first 18x, or this long after the INVITE. */
  readonly ringStartMs: number;
  /**
   * A cancelled leg that has not ended by then no longer holds up the verdict. It is still ended properly when its last
   * answer comes.
   */
  readonly cancelGraceMs: number;
  /** Who was asked to replace its dialog ends the old one itself; after so long, we do. */
  readonly replacedGraceMs: number;
  /** After a feature code, the phone shows so long that its call was answered; then we hang up. */
  readonly confirmationMs: number;
  /** Both sides of a call that talks are asked so often whether they are still there: a phone can die without a BYE. */
  readonly probeMs: number;
  /** An engine is asked so often whether it is there … */
  readonly enginePingMs: number;
  /** … and its connection made anew where it has left so many questions unanswered. */
  readonly engineSilentPings: number;
}

export const LIMITS: GatewayLimits = {
  liveCallers: 10_000,
  callsPerPhone: 50,
  callsPerPhonePerSecond: 5,
  callersPerCall: 50,
  legsPerCall: 100,
  redirects: 5,
  ringStartMs: 10_000,
  cancelGraceMs: 1_000,
  replacedGraceMs: 2_000,
  confirmationMs: 1_000,
  probeMs: 5 * 60_000,
  enginePingMs: 5_000,
  engineSilentPings: 3,
};

/** Early dialogs of one leg that are told apart (Lync's MaxEarlyDialogs); more rang as well, uncounted. */
export const MAX_EARLY_DIALOGS = 20;
/** Whoever is refused again and again is spoken of so often. */
export const REFUSAL_LINE_MS = 10_000;
/** For whoever came while the gateway is full or stops. */
export const RETRY_AFTER_FULL = { 'retry-after': '5' } as const;
/** RFC 3261 21.5.1, RFC 3311 5.2: for a request that came a moment too early. */
export const RETRY_AFTER = { 'retry-after': '2' } as const;
