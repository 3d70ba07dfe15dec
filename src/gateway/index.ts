export { createGateway } from './gateway.ts';
export type * from './types.ts';
