import type { NextHop } from '../types.ts';

/** Whether a next hop is there, by what OPTIONS and calls tell. */
export interface HopState {
  readonly up: boolean;
  /** When it changed last; null: never. */
  readonly since: number | null;
  /** Answers to OPTIONS in a row that say otherwise. */
  readonly against: number;
}

/** `call-…`: an INVITE; a call needs the hop at once, so its word counts at once. */
export type HopWord = 'options-answered' | 'options-failed' | 'call-answered' | 'call-failed';

/** One lost packet takes no hop away … */
export const FAILURES_UNTIL_DOWN = 2;
/** … and one answer of a system that starts, or of a bad line, brings none back. */
export const ANSWERS_UNTIL_UP = 2;
/** How long a hop that failed is tried behind the others, where no OPTIONS tell sooner. */
export const HOP_DOWN_MS = 30_000;

export const UNKNOWN_HOP: HopState = { up: true, since: null, against: 0 };

export function hear(state: HopState, word: HopWord, at: number): HopState {
  const saysUp = word === 'options-answered' || word === 'call-answered';
  if (saysUp === state.up) return state.against === 0 ? state : { ...state, against: 0 };
  const against = state.against + 1;
  const needed = state.up ? FAILURES_UNTIL_DOWN : ANSWERS_UNTIL_UP;
  const atOnce = word === 'call-answered' || word === 'call-failed';
  return atOnce || against >= needed ? { up: saysUp, since: at, against: 0 } : { ...state, against };
}

/** Hops that did not answer lately. A hop known down is tried last, never not at all. */
export interface HopHealth {
  /** A call got an answer of it. */
  up(hop: string): void;
  /** A call did not. */
  down(hop: string): void;
  /** From now on OPTIONS tell when it is there again, and no time that passes. */
  watch(hop: string): void;
  /** What came of an OPTIONS. True: that changed its state. */
  asked(hop: string, answered: boolean): boolean;
  /** The same hops, those known down behind the others. */
  order(hops: readonly NextHop[]): NextHop[];
  isDown(hop: string): boolean;
  state(hop: string): Pick<HopState, 'up' | 'since'>;
}

export function createHopHealth(now: () => number): HopHealth {
  // As many entries as there are hops in the configuration.
  const states = new Map<string, HopState>();
  const failedAt = new Map<string, number>();
  const watched = new Set<string>();
  const state = (hop: string): HopState => {
    const known = states.get(hop) ?? UNKNOWN_HOP;
    if (known.up || watched.has(hop)) return known;
    const since = (failedAt.get(hop) ?? 0) + HOP_DOWN_MS;
    return since > now() ? known : { up: true, since, against: 0 };
  };
  const told = (hop: string, word: HopWord): boolean => {
    const before = state(hop);
    const after = hear(before, word, now());
    states.set(hop, after);
    return after.up !== before.up;
  };
  const isDown = (hop: string): boolean => !state(hop).up;
  return {
    up: (hop) => void told(hop, 'call-answered'),
    down(hop) {
      failedAt.set(hop, now());
      told(hop, 'call-failed');
    },
    watch: (hop) => void watched.add(hop),
    asked: (hop, answered) => told(hop, answered ? 'options-answered' : 'options-failed'),
    order: (hops) => [...hops.filter(({ uri }) => !isDown(uri)), ...hops.filter(({ uri }) => isDown(uri))],
    isDown,
    state,
  };
}
