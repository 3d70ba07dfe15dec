import type { SipTimers } from '../stack.types.ts';

/**
 * What the four machines share. A machine is a function `(state, input, rules) -> { state, actions }`: it sends nothing and
 * waits for nothing itself; `server.ts` and `client.ts` carry its actions out.
 */

/** Timers of RFC 3261 17 (table 4) and RFC 6026 8; the lower-case ones have no letter there. */
export type TimerName =
  | 'A'
  | 'B'
  | 'D'
  | 'E'
  | 'F'
  | 'G'
  | 'H'
  | 'I'
  | 'J'
  | 'K'
  | 'L'
  | 'M'
  /** No final response to an INVITE that was cancelled (9.1). */
  | 'cancelled'
  /** Answers to an INVITE that was given up are awaited no longer. */
  | 'late'
  /** Nothing came from this address, and another waits to be tried (RFC 3263 4.3). */
  | 'silence'
  /** Our 2xx to an INVITE is due again (13.3.1.4). */
  | 'repeat'
  /** The layer above has not answered a request. */
  | 'answer';

export interface Rules {
  readonly timers: SipTimers;
  /** TCP, TLS, WS, WSS: nothing is retransmitted, and D, I, J and K are zero (17.1.1.2, 17.2.1). */
  readonly reliable: boolean;
  /** Where a request has several addresses: what this one may take. Absent: all that timers B and F allow. */
  readonly share?: Share;
}

/** The part that one address has of 64*T1, which bounds a request over all its addresses. */
export interface Share {
  /** How long it may give no sign of life. */
  readonly silenceMs: number;
  /** What is left for it and all others. */
  readonly totalMs: number;
}

/** What happens to a client transaction. A machine refuses a timer that is not its own: that is a defect, no event of the wire. */
export type ClientInput =
  | { readonly kind: 'response'; readonly status: number }
  /** The user wants the INVITE cancelled. */
  | { readonly kind: 'cancel' }
  | { readonly kind: 'timer'; readonly timer: TimerName }
  | { readonly kind: 'transport-error' };

/** What happens to a server transaction. */
export type ServerInput =
  /** A retransmission of the request. */
  | { readonly kind: 'request' }
  | { readonly kind: 'ack' }
  /** The peer has shown otherwise that it has our 2xx, or has no use for it any more. */
  | { readonly kind: 'settled' }
  /** A response from above. */
  | { readonly kind: 'respond'; readonly status: number }
  | { readonly kind: 'timer'; readonly timer: TimerName }
  | { readonly kind: 'transport-error' };

export type Action =
  /** Client: the request, as it is. Server: the last response, as it is. */
  | { readonly do: 'send' }
  /** Client: the ACK to this failure (17.1.1.3). */
  | { readonly do: 'ack' }
  /** Client: the CANCEL that waited for this moment (9.1). */
  | { readonly do: 'cancel' }
  /** The message that is the input goes up: a response, or the ACK to a 2xx. */
  | { readonly do: 'deliver' }
  /** Client: nobody answered. Server: nobody acknowledged our 2xx. */
  | { readonly do: 'timeout' }
  /** The transport failed under the transaction. */
  | { readonly do: 'fail' }
  /** The transaction gives this final status itself: no answer came from above (server), nor from the wire (client, 9.1). */
  | { readonly do: 'conclude'; readonly status: number }
  | { readonly do: 'start'; readonly timer: TimerName; readonly delayMs: number }
  | { readonly do: 'stop'; readonly timer: TimerName };

export interface Transition<State> {
  readonly state: State;
  readonly actions: readonly Action[];
}

export const SEND: Action = { do: 'send' };
export const ACK: Action = { do: 'ack' };
export const CANCEL: Action = { do: 'cancel' };
export const DELIVER: Action = { do: 'deliver' };
export const TIMEOUT: Action = { do: 'timeout' };
export const FAIL: Action = { do: 'fail' };

/** One kind of transaction: its first step, and every other. */
export interface Machine<State extends { readonly name: string }, Input> {
  start(rules: Rules): Transition<State>;
  next(state: State, input: Input, rules: Rules): Transition<State>;
}

export const NOTHING: readonly Action[] = [];

export function start(timer: TimerName, delayMs: number): Action {
  return { do: 'start', timer, delayMs };
}

export function stop(timer: TimerName): Action {
  return { do: 'stop', timer };
}

/** A defect of the caller, never of the wire: the machine has no such edge, timer or command in this state. */
export function illegal(machine: string, from: string, what: string): Error {
  return new Error(`${machine} transaction: ${what} is not legal in state ${from}`);
}
