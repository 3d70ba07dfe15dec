export type { LoopDelay, MetricSources, NotificationQueue } from './gauges.ts';
export { createLogger, LOG_LEVELS } from './log.ts';
export type { Logger, LoggerOptions, LogLevel } from './log.ts';
export { watchLoopDelay } from './loop-delay.ts';
export type { LoopDelayMonitor } from './loop-delay.ts';
export { createMetrics } from './metrics.ts';
export type { Metrics } from './metrics.ts';
