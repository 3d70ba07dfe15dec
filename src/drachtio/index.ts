export { DEFAULT_LIMITS, type EngineLimits } from './limits.ts';
export { startEngine, type EngineHooks } from './server.ts';
export { startEngineThread, type EngineThread, type EngineThreadHooks } from './thread.ts';
export type * from './types.ts';
