export { answerChallenge, chooseChallenge, parseChallenges, type Answering } from './client.ts';
export { algorithmOf, parseCredentials } from './credentials.ts';
export { digestResponse, ha1, isHash } from './hash.ts';
export { newNonceKey } from './ids.ts';
export { NonceCounts } from './nonce-counts.ts';
export { NONCE_LIFETIME_MS, Nonces, type NonceSettings } from './nonce.ts';
export {
  challengesFor,
  DigestServer,
  showsNonce,
  type DigestRequest,
  type DigestServerSettings,
  type DigestVerdict,
  type FindHa1,
} from './server.ts';
export * from './types.ts';
