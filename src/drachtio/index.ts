export { DEFAULT_LIMITS, type EngineLimits } from './limits.ts';
export { startEngine, type EngineCounts, type EngineHooks, type LocalEngine } from './server.ts';
export { startEngineThread, type EngineThread, type EngineThreadHooks } from './thread/thread.ts';
export type * from './types.ts';
