import type { SipTimers } from '../stack.types.ts';

/**
 * Reliable provisional responses (RFC 3262): those of one INVITE that we were sent, as a machine `(state, input, timers) ->
 * { state, actions }`, and the numbers of those that we receive. Whoever runs the machine sends, waits and answers.
 *
 * ```
 *   provisional --> [outstanding] -- PRACK --> the next of [waiting], else the 2xx that was held, else nothing
 *                     |    ^  |
 *        T1, 2*T1, …: +----+  | 64*T1 without PRACK: give up
 *        send again           v
 * ```
 */

const MAX_RSEQ = 2 ** 32 - 1;

interface Numbered<R> {
  readonly rseq: number;
  readonly response: R;
  /** It carries a session description, for which a 2xx has to wait. */
  readonly describes: boolean;
}

export interface ReliableState<R> {
  /** RSeq of the latest response, sent or waiting. */
  readonly sequence: number;
  /** Sent, and not acknowledged. */
  readonly outstanding: Numbered<R> | null;
  /** What timer `repeat` runs with. */
  readonly intervalMs: number;
  /** Given while another one was outstanding, in their order. */
  readonly waiting: readonly Numbered<R>[];
  /** The 2xx that waits for the PRACKs. */
  readonly held: R | null;
  /** The final response was sent. */
  readonly answered: boolean;
}

export type ReliableTimer = 'repeat' | 'give-up';

export type ReliableInput<R> =
  | { readonly kind: 'provisional'; readonly response: R; readonly describes: boolean }
  | { readonly kind: 'final'; readonly response: R; readonly success: boolean }
  | { readonly kind: 'prack'; readonly rseq: number }
  | { readonly kind: 'timer'; readonly timer: ReliableTimer };

export type ReliableAction<R> =
  | { readonly do: 'send'; readonly response: R }
  | { readonly do: 'start'; readonly timer: ReliableTimer; readonly delayMs: number }
  | { readonly do: 'stop'; readonly timer: ReliableTimer }
  /** The PRACK acknowledges nothing: 481. */
  | { readonly do: 'refuse' }
  /** Nobody acknowledged it: the INVITE is to be rejected with a 5xx. */
  | { readonly do: 'give-up' };

export interface ReliableTransition<R> {
  readonly state: ReliableState<R>;
  readonly actions: readonly ReliableAction<R>[];
}

/** @param firstRSeq the number of the first response, 1 to 2^31 - 1 (RFC 3262 3) */
export function beginReliable<R>(firstRSeq: number): ReliableState<R> {
  return {
    sequence: firstRSeq - 1,
    outstanding: null,
    intervalMs: 0,
    waiting: [],
    held: null,
    answered: false,
  };
}

export function nextReliable<R>(
  state: ReliableState<R>,
  input: ReliableInput<R>,
  timers: SipTimers,
): ReliableTransition<R> {
  switch (input.kind) {
    case 'provisional':
      return provisional(state, input.response, input.describes, timers);
    case 'final':
      return final(state, input.response, input.success);
    case 'prack':
      return prack(state, input.rseq, timers);
    case 'timer':
      return timer(state, input.timer);
  }
}

function provisional<R>(
  state: ReliableState<R>,
  response: R,
  describes: boolean,
  timers: SipTimers,
): ReliableTransition<R> {
  // 3: after the final response no new ones.
  if (state.answered || state.held !== null) return { state, actions: [] };
  // 3: each is one higher than the one before.
  const numbered = { rseq: state.sequence + 1, response, describes };
  const counted = { ...state, sequence: numbered.rseq };
  // 3: "the UAS MUST NOT send a second reliable provisional response until the first is acknowledged". RFC 3262 orders that for
  // the first alone; one after the other keeps every caller in step.
  if (state.outstanding !== null) return { state: { ...counted, waiting: [...state.waiting, numbered] }, actions: [] };
  return send(counted, numbered, timers);
}

function send<R>(state: ReliableState<R>, numbered: Numbered<R>, timers: SipTimers): ReliableTransition<R> {
  const { t1Ms, t1x64Ms } = timers;
  return {
    state: { ...state, outstanding: numbered, intervalMs: t1Ms },
    actions: [
      { do: 'send', response: numbered.response },
      { do: 'start', timer: 'repeat', delayMs: t1Ms },
      { do: 'start', timer: 'give-up', delayMs: t1x64Ms },
    ],
  };
}

const STOP = [
  { do: 'stop', timer: 'repeat' },
  { do: 'stop', timer: 'give-up' },
] as const;

function final<R>(state: ReliableState<R>, response: R, success: boolean): ReliableTransition<R> {
  const unacknowledged = state.outstanding === null ? [] : [state.outstanding, ...state.waiting];
  // 3: a 2xx "MUST NOT" be sent while a response with a session description is unacknowledged.
  if (success && unacknowledged.some(({ describes }) => describes)) {
    return { state: { ...state, held: response }, actions: [] };
  }
  // 3: the repetition ends, and what was not sent yet never is; a PRACK may still come.
  const stops = state.outstanding === null ? [] : STOP;
  return {
    state: { ...state, waiting: [], held: null, answered: true },
    actions: [...stops, { do: 'send', response }],
  };
}

function prack<R>(state: ReliableState<R>, rseq: number, timers: SipTimers): ReliableTransition<R> {
  // 3: a PRACK "that does not match any unacknowledged reliable provisional response" gets 481.
  if (state.outstanding?.rseq !== rseq) return { state, actions: [{ do: 'refuse' }] };
  const acknowledged = { ...state, outstanding: null };
  if (state.answered) return { state: acknowledged, actions: [] };
  const [following, ...waiting] = state.waiting;
  if (following !== undefined) {
    const sent = send({ ...acknowledged, waiting }, following, timers);
    return { state: sent.state, actions: [...STOP, ...sent.actions] };
  }
  if (state.held === null) return { state: acknowledged, actions: STOP };
  return {
    state: { ...acknowledged, held: null, answered: true },
    actions: [...STOP, { do: 'send', response: state.held }],
  };
}

function timer<R>(state: ReliableState<R>, name: ReliableTimer): ReliableTransition<R> {
  const { outstanding } = state;
  if (outstanding === null || state.answered) throw new Error(`no reliable response waits for timer ${name}`);
  // 3: after 64*T1 the UAS "SHOULD reject the original request with a 5xx response".
  if (name === 'give-up') {
    return {
      state: { ...state, waiting: [], answered: true },
      actions: [{ do: 'stop', timer: 'repeat' }, { do: 'give-up' }],
    };
  }
  // 3: "an interval that starts at T1 seconds and doubles for each retransmission"; there is no T2 here.
  const intervalMs = state.intervalMs * 2;
  return {
    state: { ...state, intervalMs },
    actions: [
      { do: 'send', response: outstanding.response },
      { do: 'start', timer: 'repeat', delayMs: intervalMs },
    ],
  };
}

/** RFC 3262 7.1: the number of a reliable response; null where it is none. */
export function parseRSeq(text: string): number | null {
  const value = /^\s*(\d{1,10})\s*$/.exec(text)?.[1];
  return value === undefined || Number(value) > MAX_RSEQ ? null : Number(value);
}

export interface RAck {
  readonly rseq: number;
  readonly cseq: number;
  readonly method: string;
}

/** RFC 3262 7.2: what a PRACK acknowledges; null where it cannot be read. */
export function parseRAck(text: string): RAck | null {
  const [, rseq, cseq, method = ''] = /^\s*(\d{1,10})\s+(\d{1,10})\s+([A-Za-z]{1,32})\s*$/.exec(text) ?? [];
  if (Number(rseq) > MAX_RSEQ || Number(cseq) > MAX_RSEQ || method === '') return null;
  return { rseq: Number(rseq), cseq: Number(cseq), method };
}

/**
 * A reliable response that came in (RFC 3262 4). `last`: the number of the one before it in its early dialog, undefined for the
 * first. A copy is to be discarded; after a gap it is neither to be processed nor acknowledged, for the missing one comes again.
 */
export function orderOfReliable(last: number | undefined, rseq: number): 'next' | 'copy' | 'gap' {
  if (last === undefined || rseq === last + 1) return 'next';
  return rseq <= last ? 'copy' : 'gap';
}
