import { MAX_TRANSACTIONS, MIN_SESSION_EXPIRES_S } from '../sip/index.ts';

/**
 * Nothing in the engine grows without a bound. Every bound is here, can be lowered by a test, and what happens at it is
 * said beside it.
 */
export interface EngineLimits {
  /** A longer frame closes that connection. */
  readonly maxFrameBytes: number;
  /** The same before `authenticate` succeeded. */
  readonly maxUnauthenticatedFrameBytes: number;
  /** A connection that has not authenticated by then is closed. */
  readonly authenticateTimeoutMs: number;
  /** Connections of applications; one more takes the place of one that has not authenticated, or is closed at once. */
  readonly maxClients: number;
  /** Bytes waiting for an application that does not read; beyond, its connection is closed. */
  readonly maxClientBacklogBytes: number;
  /**
   * Bytes waiting for an application: with more, new requests get 503 with Retry-After, and its dialogs wait behind less. Far below
   * `maxClientBacklogBytes`, so that no flood of calls ends the connection that carries the live ones.
   */
  readonly busyClientBacklogBytes: number;
  /** Body of a request outside a dialog; beyond, it gets 513 (RFC 3261 21.5.7). No session description is that large. */
  readonly maxNewRequestBodyBytes: number;
  /** Dialogs, early ones included; beyond, new INVITEs get 503 and the application's are refused. */
  readonly maxDialogs: number;
  /** Requests from the network that no application has answered; of one source four times what is free at most. Beyond, new ones get 503. */
  readonly maxUnansweredRequests: number;
  /**
   * Transactions of the stack, both ways; beyond, new requests from the network get 503 and the application's are refused. Requests
   * within dialogs have a reserve.
   */
  readonly maxTransactions: number;
  /** Early dialogs (To tags) of one outgoing INVITE; further ones are delivered but cannot be addressed. */
  readonly maxEarlyDialogs: number;
  /** Contacts remembered with the connection they registered on; beyond, the oldest is forgotten. */
  readonly maxRegisteredContacts: number;
  /** Seconds; a re-INVITE or UPDATE that asks for a shorter session gets 422 (RFC 4028 4). */
  readonly minSessionExpiresS: number;
  /** Our session refresh goes out that much before or after half of the interval. */
  readonly sessionRefreshJitterMs: number;
  /** The longest wait after a refresh was answered 491 (RFC 3261 14.1). */
  readonly sessionGlareMs: number;
  /** Timer C: the engine cancels an INVITE of the application that long after its last 18x. */
  readonly ringingTimeoutMs: number;
}

export const DEFAULT_LIMITS: EngineLimits = {
  maxFrameBytes: 2 * 1024 * 1024,
  maxUnauthenticatedFrameBytes: 4 * 1024,
  authenticateTimeoutMs: 10_000,
  maxClients: 64,
  maxClientBacklogBytes: 64 * 1024 * 1024,
  busyClientBacklogBytes: 8 * 1024 * 1024,
  maxNewRequestBodyBytes: 256 * 1024,
  maxDialogs: 100_000,
  maxUnansweredRequests: 20_000,
  maxTransactions: MAX_TRANSACTIONS,
  maxEarlyDialogs: 32,
  maxRegisteredContacts: 100_000,
  minSessionExpiresS: MIN_SESSION_EXPIRES_S,
  sessionRefreshJitterMs: 5_000,
  sessionGlareMs: 4_000,
  ringingTimeoutMs: 185_000,
};

/** A contact and its address-of-record together; a longer one is not remembered: a name in the thousands is nobody's. */
export const MAX_REGISTERED_CHARACTERS = 1_024;

/** What the 503 to a request beyond a limit tells its sender to wait (RFC 3261 20.33). */
export const RETRY_AFTER_S = 5;

/** Lines about requests beyond a limit, and about who does not know the secret; the rest is counted. */
export const REFUSAL_LINES_PER_MINUTE = 10;

/** Digits of a frame's length: 8 are enough for `maxFrameBytes`. */
export const MAX_LENGTH_DIGITS = 8;
