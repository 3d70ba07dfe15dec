export { type PolicyLoad, loadPolicy } from './load.ts';
export { policyJsonSchema } from './schema.ts';
export type * from './types.ts';
