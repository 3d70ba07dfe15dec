import { isHash } from './hash.ts';
import { parseElements, type AuthenticationElement } from './parameters.ts';
import type { DigestAlgorithm, DigestCredentials } from './types.ts';

/** A user name, realm, nonce, URI or cnonce of more characters is nobody's. */
export const MAX_VALUE_CHARACTERS = 512;

const KNOWN: readonly DigestAlgorithm[] = ['SHA-512-256', 'SHA-256', 'MD5'];

/** RFC 7616 3.3: none named is MD5. Null: one that we do not know. */
export function algorithmOf(name: string | undefined): DigestAlgorithm | null {
  if (name === undefined || name === '') return 'MD5';
  const upper = name.toUpperCase();
  return KNOWN.find((known) => known === upper) ?? null;
}

/**
 * Every Digest credential of an Authorization or Proxy-Authorization header (RFC 3261 22.3: one for each realm), or of several joined
 * by commas. What is no whole credential is left out; hostile input costs its reading.
 */
export function parseCredentials(header: string): readonly DigestCredentials[] {
  return (parseElements(header) ?? []).map(credentialsOf).filter((each) => each !== null);
}

function credentialsOf({ scheme, parameters }: AuthenticationElement): DigestCredentials | null {
  if (scheme !== 'digest') return null;
  const value = (name: string): string => parameters.get(name) ?? '';
  const credentials: DigestCredentials = {
    username: value('username'),
    realm: value('realm'),
    nonce: value('nonce'),
    uri: value('uri'),
    response: value('response').toLowerCase(),
    algorithm: algorithmOf(parameters.get('algorithm')),
    qop: value('qop').toLowerCase(),
    cnonce: value('cnonce'),
    nc: value('nc'),
  };
  const { username, realm, nonce, uri, response, algorithm, cnonce, nc } = credentials;
  const tooLong = [username, realm, nonce, uri, cnonce].some(({ length }) => length > MAX_VALUE_CHARACTERS);
  if (tooLong || username === '' || nonce === '' || uri === '' || parameters.get('realm') === undefined) return null;
  if (algorithm !== null && !isHash(algorithm, response)) return null;
  return nc === '' || /^[0-9a-f]{8}$/i.test(nc) ? credentials : null;
}
