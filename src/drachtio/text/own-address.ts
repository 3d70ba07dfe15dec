import { isIP } from 'node:net';
import {
  formatHostPort,
  parseUri,
  type BoundAddress,
  type Headers,
  type RequestTarget,
  type SipRequest,
} from '../../sip/index.ts';

/** Stands in a request for our own address while its next hop, a name, is not looked up (RFC 2606: no host is called so). */
const UNKNOWN_HOST = 'own-address.invalid';
const UNKNOWN = `${UNKNOWN_HOST}:0`;
/** The same for the transport. */
const UNKNOWN_TRANSPORT = `;transport=${UNKNOWN_HOST}`;
const SHOW_OWN = ['From', 'To', 'Contact', 'P-Asserted-Identity'] as const;

const TRANSPORT_PARAM: Readonly<Record<BoundAddress['protocol'], string>> = {
  udp: '',
  tcp: ';transport=tcp',
  tls: ';transport=tls',
  ws: ';transport=ws',
  // RFC 7118 5.2: the parameter says `ws` for both.
  wss: ';transport=ws',
};

/** `host:port` of the socket that a message goes out from, as others see it. */
export function ownHostPort(own: BoundAddress): string {
  return formatHostPort(own.host, own.port);
}

/** The same as a Contact must have it: with the transport where it is not the default one, else it would be followed by UDP. */
export function ownHostPortTransport(own: BoundAddress): string {
  return ownHostPort(own) + (isUnknown(own) ? UNKNOWN_TRANSPORT : TRANSPORT_PARAM[own.protocol]);
}

/** `<sip:host:port>`, with the transport where it is not the default one (drachtio-protocol 3.2). */
export function ownContact(own: BoundAddress): string {
  return `<sip:${ownHostPortTransport(own)}>`;
}

/** Beyond it a request of the application may become one that TCP must carry (RFC 3261 18.1.1): we add less than 500 bytes. */
const MAY_BE_LARGE_BYTES = 800;

/**
 * What a request to such a target is built with: `own`, or what `showOwn` replaces where only the look-up, or the size that it will
 * have, tells which socket it leaves by.
 */
export function ownUntilSent(target: RequestTarget, own: BoundAddress, app: SipRequest): BoundAddress {
  const host = 'flow' in target ? null : (parseUri(target.uri)?.host ?? null);
  const known = host === null || (isIP(host) !== 0 && !(own.protocol === 'udp' && mayBeLarge(app)));
  return known ? own : { ...own, protocol: 'udp', host: UNKNOWN_HOST, port: 0 };
}

function mayBeLarge({ headers, body }: SipRequest): boolean {
  let bytes = body.length;
  for (const { name, value } of headers.fields) bytes += name.length + value.length;
  return bytes > MAY_BE_LARGE_BYTES;
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
      const transport = TRANSPORT_PARAM[own.protocol];
      headers.append(name, value.replaceAll(UNKNOWN_TRANSPORT, transport).replaceAll(UNKNOWN, ownHostPort(own)));
    }
  }
}
