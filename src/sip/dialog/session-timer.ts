/**
 * Session timers (RFC 4028): the header fields, and one dialog's timer as a machine `(state, input, rules) -> { state, actions }`.
 *
 * ```
 *            negotiated                 half of it, and we refresh
 *   [off] ----------------> [running] ---------------------------> [refreshing] -- 2xx: negotiated anew
 *     ^                      |     ^                                |        |
 *     |                      |     +------------ 491 --------------+        | other failure, or none
 *     |                      | whole of it, and the peer refreshes          v in the other half of it
 *     +-- 2xx without -------+--------------------------------------> [expired]
 * ```
 */

/** RFC 4028 4: the smallest interval there may be. */
export const MIN_SESSION_EXPIRES_S = 90;
/** No timeout of ours lasts longer (2^31 ms, 24 days); a session that may is one without a timer. */
const MAX_INTERVAL_S = Math.floor((2 ** 31 - 1) / 1000);

export interface SessionExpires {
  readonly seconds: number;
  readonly refresher: 'uac' | 'uas' | null;
}

/** RFC 4028 4: `Session-Expires: 1800;refresher=uac`; null where it cannot be read. */
export function parseSessionExpires(text: string | undefined): SessionExpires | null {
  const [, digits, params = ''] = /^\s*(\d{1,10})\s*((?:;[^;]*)*)$/.exec(text ?? '') ?? [];
  if (digits === undefined) return null;
  const refresher = /;\s*refresher\s*=\s*(uac|uas)\s*(?:;|$)/i.exec(params)?.[1]?.toLowerCase();
  return { seconds: Number(digits), refresher: refresher === 'uac' || refresher === 'uas' ? refresher : null };
}

/** Who refreshes, seen from us. */
export type Refresher = 'local' | 'remote';

export interface SessionTimerRules {
  /** A refresh goes out that much around half of the interval. */
  readonly jitterMs: number;
  /** After a 491, this is the longest wait for the side that chose the Call-ID, half of it for the other (RFC 3261 14.1). */
  readonly glareMs: number;
  /** Whether our side chose the Call-ID. */
  readonly ownsCallId: boolean;
}

export interface SessionTimerState {
  readonly name: 'off' | 'running' | 'refreshing' | 'expired';
  readonly seconds: number;
  readonly refresher: Refresher;
}

export const SESSION_OFF: SessionTimerState = { name: 'off', seconds: 0, refresher: 'remote' };

/** `fraction`: a random number, 0 <= fraction < 1. */
export type SessionTimerInput =
  /** The 2xx to an INVITE or UPDATE of either side named an interval, or none. */
  | {
      readonly kind: 'negotiated';
      readonly session: { readonly seconds: number; readonly refresher: Refresher } | null;
      readonly fraction: number;
    }
  /** `busy`: an INVITE of either side is under way, so that none of ours may be sent (RFC 3261 14.1). */
  | { readonly kind: 'timer'; readonly busy: boolean; readonly fraction: number }
  /** How our refresh was answered, where not by a 2xx; 408 for not at all. */
  | { readonly kind: 'refused'; readonly status: number; readonly fraction: number };

export type SessionTimerAction =
  | { readonly do: 'start'; readonly delayMs: number }
  | { readonly do: 'stop' }
  | { readonly do: 'refresh' }
  /** The dialog is to be ended by a BYE. */
  | { readonly do: 'expire' };

export interface SessionTimerTransition {
  readonly state: SessionTimerState;
  readonly actions: readonly SessionTimerAction[];
}

export function nextSession(
  state: SessionTimerState,
  input: SessionTimerInput,
  rules: SessionTimerRules,
): SessionTimerTransition {
  if (state.name === 'expired') return { state, actions: [] };
  switch (input.kind) {
    case 'negotiated':
      return negotiated(state, input.session, input.fraction, rules);
    case 'timer':
      return timer(state, input.busy, input.fraction, rules);
    case 'refused':
      return refused(state, input.status, input.fraction, rules);
  }
}

function negotiated(
  state: SessionTimerState,
  session: { readonly seconds: number; readonly refresher: Refresher } | null,
  fraction: number,
  { jitterMs }: SessionTimerRules,
): SessionTimerTransition {
  // 7.2, 9: a 2xx without Session-Expires means that there is no session timer (any more).
  if (session === null || session.seconds > MAX_INTERVAL_S) {
    return { state: SESSION_OFF, actions: state.name === 'off' ? [] : [{ do: 'stop' }] };
  }
  const { seconds, refresher } = session;
  const intervalMs = seconds * 1000;
  // 10: "It is RECOMMENDED that this refresh be sent once half the session interval has elapsed".
  const half = intervalMs / 2 + (2 * fraction - 1) * Math.min(jitterMs, intervalMs / 4);
  return {
    state: { name: 'running', seconds, refresher },
    actions: [{ do: 'start', delayMs: Math.round(refresher === 'local' ? half : intervalMs) }],
  };
}

function timer(
  state: SessionTimerState,
  busy: boolean,
  fraction: number,
  rules: SessionTimerRules,
): SessionTimerTransition {
  // 10: a peer that is only trying while the session runs out is none that anybody talks to.
  if (state.name === 'refreshing') return expire(state);
  if (state.name !== 'running') return { state, actions: [] };
  // 10: the side that does not refresh ends a session that nobody refreshed.
  if (state.refresher === 'remote') return expire(state);
  if (busy) return { state, actions: [{ do: 'start', delayMs: afterGlare(fraction, rules) }] };
  const delayMs = state.seconds * (1000 / 2);
  return { state: { ...state, name: 'refreshing' }, actions: [{ do: 'start', delayMs }, { do: 'refresh' }] };
}

function refused(
  state: SessionTimerState,
  status: number,
  fraction: number,
  rules: SessionTimerRules,
): SessionTimerTransition {
  if (state.name !== 'refreshing') return { state, actions: [] };
  if (status !== 491) return expire(state);
  return { state: { ...state, name: 'running' }, actions: [{ do: 'start', delayMs: afterGlare(fraction, rules) }] };
}

function expire(state: SessionTimerState): SessionTimerTransition {
  return { state: { ...state, name: 'expired' }, actions: [{ do: 'expire' }] };
}

/** RFC 3261 14.1: 2.1 to 4 s for the side that chose the Call-ID, 0 to 2 s for the other, in steps of 10 ms. */
function afterGlare(fraction: number, { glareMs, ownsCallId }: SessionTimerRules): number {
  const from = ownsCallId ? glareMs * (2.1 / 4) : 0;
  const to = ownsCallId ? glareMs : glareMs / 2;
  return Math.round((from + fraction * (to - from)) / 10) * 10;
}
