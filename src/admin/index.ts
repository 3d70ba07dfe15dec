export { startAdmin } from './server.ts';
export type * from './types.ts';
