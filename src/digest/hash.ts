import { createHash, timingSafeEqual } from 'node:crypto';
import type { DigestAlgorithm } from './types.ts';

const HASHES: Readonly<Record<DigestAlgorithm, { readonly name: string; readonly hexCharacters: number }>> = {
  'SHA-512-256': { name: 'sha512-256', hexCharacters: 64 },
  'SHA-256': { name: 'sha256', hexCharacters: 64 },
  MD5: { name: 'md5', hexCharacters: 32 },
};

/** RFC 7616 3.4.1: H(data), in hex. */
export function hash(algorithm: DigestAlgorithm, text: string): string {
  return createHash(HASHES[algorithm].name).update(text, 'utf8').digest('hex');
}

export function isHash(algorithm: DigestAlgorithm, hex: string): boolean {
  return hex.length === HASHES[algorithm].hexCharacters && /^[0-9a-f]*$/i.test(hex);
}

/** RFC 7616 3.4.2: what a server may keep in place of a password; whoever has it can sign in to this realm all the same. */
export function ha1(algorithm: DigestAlgorithm, username: string, realm: string, password: string): string {
  return hash(algorithm, `${username}:${realm}:${password}`);
}

/** What the response is made of, beside the password. */
export interface ResponseParts {
  readonly method: string;
  readonly uri: string;
  readonly nonce: string;
  /** Null: without qop, as RFC 2069 had it. */
  readonly count: { readonly nc: string; readonly cnonce: string } | null;
}

/** RFC 7616 3.4.1, with qop=auth. `secret`: HA1, in hex. */
export function digestResponse(algorithm: DigestAlgorithm, secret: string, parts: ResponseParts): string {
  const { method, uri, nonce, count } = parts;
  const ha2 = hash(algorithm, `${method}:${uri}`);
  const middle = count === null ? nonce : `${nonce}:${count.nc}:${count.cnonce}:auth`;
  return hash(algorithm, `${secret.toLowerCase()}:${middle}:${ha2}`);
}

/** In a time that does not tell how much of it was right. */
export function sameHash(given: string, expected: string): boolean {
  const [a, b] = [Buffer.from(given, 'latin1'), Buffer.from(expected, 'latin1')];
  return a.length === b.length && timingSafeEqual(a, b);
}
