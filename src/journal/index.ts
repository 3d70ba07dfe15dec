export type * from './types.ts';
export { NOTIFICATION_STATES } from './types.ts';
