export { type ApiOptions, createApi, type MadeApi } from './api.ts';
export type { LiveEvent, LiveCall, Peer, Registration } from './contract.ts';
export type { LiveSource } from './served.ts';
export type { GatewayStatus } from './operations/context.ts';
export type { OidcProvider } from './sign-in/oidc.ts';
export { startAdmin } from './server.ts';
export type * from './types.ts';
export { callShown } from './operations/calls.ts';
export { hashPassword } from './sign-in/passwords.ts';
