import ipaddr from 'ipaddr.js';
import type { Mistake, Path } from '../yamlfile/index.ts';
import { isCidr, isLoopback, listenAddress, singleAddress, sipTarget, type Listen, type SipTarget } from './values.ts';

/** Parts of the file as it was written, whatever is wrong with it, for the checks. */

export type Group = Readonly<Record<string, unknown>>;

export const groupOf = (value: unknown): Group =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Group) : {};

export function* entries(value: unknown, path: Path): Generator<{ entry: Group; path: Path }> {
  if (!Array.isArray(value)) return;
  for (const [index, entry] of value.entries()) yield { entry: groupOf(entry), path: [...path, index] };
}

export function* texts(value: unknown, path: Path): Generator<{ text: string; path: Path }> {
  if (!Array.isArray(value)) return;
  for (const [index, text] of value.entries()) if (typeof text === 'string') yield { text, path: [...path, index] };
}

/** A secret stands in one place. */
export function* oneOf(entry: Group, path: Path, key: string, fileKey: string): Generator<Mistake> {
  if (entry[key] === undefined || entry[fileKey] === undefined) return;
  yield {
    path: [...path, key],
    at: 'key',
    message: `${key} and ${fileKey} stand here both`,
    remedy: `Keep ${fileKey}.`,
  };
}

export interface Hop {
  readonly path: Path;
  readonly uri: string;
  readonly hasPrefix: boolean;
}

export function* hopsOf(value: unknown, path: Path): Generator<Hop> {
  if (!Array.isArray(value)) return;
  for (const [index, hop] of value.entries()) {
    const at = [...path, index];
    if (typeof hop === 'string') yield { path: at, uri: hop, hasPrefix: false };
    else {
      const { uri, prefix } = groupOf(hop);
      if (typeof uri === 'string') yield { path: [...at, 'uri'], uri, hasPrefix: prefix !== undefined };
    }
  }
}

/** `sips` is TLS over TCP whatever its transport says (RFC 3261 26.2.2). */
export function transportOf({ scheme, transport }: SipTarget): string {
  return scheme === 'sips' ? 'tls' : (transport ?? 'udp');
}

/** What `listen` says, and its default. */
export function listensOf(sip: Group): Listen[] {
  const listen = Array.isArray(sip['listen']) ? sip['listen'] : ['udp://0.0.0.0:5060', 'tcp://0.0.0.0:5060'];
  return listen.flatMap((text: unknown) => (typeof text === 'string' ? (listenAddress(text) ?? []) : []));
}

/** Whether a hop is one of the gateway's own sockets, by an address of its own or by the one that others reach it at. */
export function isOwn(uri: string, sip: Group): boolean {
  const target = sipTarget(uri);
  if (target === null) return false;
  const listens = listensOf(sip);
  const host = target.host === 'localhost' ? '127.0.0.1' : target.host;
  const transport = transportOf(target);
  const defaultPort = transport === 'tls' ? 5_061 : 5_060;
  return listens.some(({ protocol, host: bound, port }) => {
    if (protocol !== transport || port !== (target.port ?? defaultPort)) return false;
    return host === sip['advertise'] || bound === host || ((bound === '0.0.0.0' || bound === '::') && isLoopback(host));
  });
}

export const isEmpty = (value: unknown): boolean => value === undefined || (Array.isArray(value) && value.length === 0);

/** The machine at the end of a URI, where it is an address; programs that share a loopback address are told apart by port. */
export function machineOf(uri: string): string | null {
  const host = sipTarget(uri)?.host ?? '';
  if (!ipaddr.isValid(host)) return null;
  return isLoopback(host) ? null : ipaddr.process(host).toString();
}

/** The peer that an address in a URI belongs to, as calls from there are its; null where it is a name, or nobody's. */
export function peerAt(uri: string, peers: unknown): { readonly entry: Group; readonly path: Path } | null {
  const host = sipTarget(uri)?.host ?? '';
  if (!ipaddr.isValid(host)) return null;
  for (const peer of entries(peers, ['peers'])) {
    if ([...texts(peer.entry['allow'], [])].some(({ text }) => isCidr(text) && holds(text, host))) return peer;
  }
  return null;
}

function holds(cidr: string, host: string): boolean {
  const address = ipaddr.process(host);
  const single = singleAddress(cidr);
  if (single !== null) return single === address.toString();
  const [network, bits] = ipaddr.parseCIDR(cidr);
  return network.kind() === address.kind() && address.match([network, bits]);
}

/** A hop that could not be called from here. */
export function* transportMistakes(uri: string, path: Path, sip: Group): Generator<Mistake> {
  const target = sipTarget(uri);
  if (target === null) return;
  const transport = transportOf(target);
  if (transport === 'ws' || transport === 'wss') {
    const remedy = 'Use ;transport=udp, tcp or tls.';
    yield { path, message: 'a WebSocket is opened by its client; nobody is called by it', remedy };
  } else if (!['udp', 'tcp', 'tls'].includes(transport)) {
    yield {
      path,
      message: `${transport} is not a transport of the gateway`,
      remedy: 'Use ;transport=udp, tcp or tls.',
    };
  } else if (
    transport === 'tls' &&
    sip['engine'] !== 'drachtio' &&
    !listensOf(sip).some((each) => each.protocol === 'tls')
  ) {
    const message = 'it is called by TLS, and the gateway does not listen by TLS';
    yield { path, message, remedy: 'Add tls://0.0.0.0:5061 to sip.listen, and sip.tls with its certificate.' };
  }
}
