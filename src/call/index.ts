export type * from './events.ts';
export type * from './evidence.ts';
export { EVIDENCE_KINDS } from './evidence.ts';
export type * from './ledger.ts';
export * from './outcome.ts';
export type { CalleeLeg, CallerLeg, CallState } from './state.ts';
export { advance, newCall, rangAt, rangMs } from './state.ts';
