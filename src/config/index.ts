export { assumptions, unknownDialPlans } from './assumptions.ts';
export { changedSettings } from './changes.ts';
export { type ConfigReading, loadConfig } from './load.ts';
export type * from './types.ts';
export type { Environment } from './variables.ts';
