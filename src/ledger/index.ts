export type * from './types.ts';
export { createLedger } from './ledger.ts';
export { decide, type Decision } from './decide.ts';
export type { CallFacts, Question } from './question.ts';
export { messageIdOf } from './settlement.ts';
export { explain } from './explain.ts';
export { EXPLANATION_LANGUAGES, type ExplanationLanguage } from './words/index.ts';
