export type * from './types.ts';
export { createLedger } from './ledger.ts';
export { decide, type CallFacts, type Decision, type Question } from './decide.ts';
export { messageIdOf } from './settlement.ts';
export { explain } from './explain.ts';
