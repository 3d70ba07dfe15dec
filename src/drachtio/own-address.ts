import { isIP } from 'node:net';
import { parseUri, type BoundAddress, type Headers, type RequestTarget } from '../sip/index.ts';
import { ownContact, ownHostPort } from './app-headers.ts';

/** Stands in a request for our own address while its next hop, a name, is not looked up (RFC 2606: no host is called so). */
const UNKNOWN_HOST = 'own-address.invalid';
const UNKNOWN = `${UNKNOWN_HOST}:0`;
const UNKNOWN_CONTACT = `<sip:${UNKNOWN}>`;
const SHOW_OWN = ['From', 'To', 'Contact', 'P-Asserted-Identity'] as const;

/** What a request to such a target is built with: `own`, or what `showOwn` replaces where only the look-up will tell. */
export function ownUntilSent(target: RequestTarget, own: BoundAddress): BoundAddress {
  const host = 'flow' in target ? null : (parseUri(target.uri)?.host ?? null);
  return host === null || isIP(host) !== 0 ? own : { ...own, protocol: 'udp', host: UNKNOWN_HOST, port: 0 };
}

export function isUnknown(own: BoundAddress): boolean {
  return own.host === UNKNOWN_HOST;
}

/** Makes `headers` show our address where `written`, built with an unknown one, has a place for it. */
export function showOwn(headers: Headers, written: Headers, own: BoundAddress): void {
  for (const name of SHOW_OWN) {
    const values = written.all(name);
    if (!values.some((value) => value.includes(UNKNOWN_HOST))) {
      continue;
    }
    headers.delete(name);
    for (const value of values) {
      headers.append(name, value.replaceAll(UNKNOWN_CONTACT, ownContact(own)).replaceAll(UNKNOWN, ownHostPort(own)));
    }
  }
}
