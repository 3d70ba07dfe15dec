import { isIP } from 'node:net';
import { parseUri } from '../message/address.ts';
import type { PeerTable } from '../access/peers.ts';
import type { Peer } from '../types.ts';

/** Names may come to mean other addresses. */
export const RESOLVE_AGAIN_MS = 60_000;

/** Every address of a host name; rejects where it has none. */
export type Resolve = (host: string) => Promise<readonly string[]>;

/** Which next hops are peers: those know our calls' names (X-MCG-Call), and who a caller is who asked for privacy. */
export interface HopPeers {
  /** The peer that a URI leads to: all the addresses of its host are that peer's. Null for everybody else. */
  at(uri: string): Peer | null;
  /** Whether a URI that a peer named leads to that same peer; a host name is looked up. */
  leadsTo(uri: string, peer: Peer): Promise<boolean>;
  /** Resolves when the names were looked up once. Goes on looking until `stop`. */
  start(): Promise<void>;
  stop(): void;
}

/** @param uris the next hops of the configuration: a URI is not looked up when a call is on its way to it */
export function createHopPeers(uris: readonly string[], peers: PeerTable, resolve: Resolve): HopPeers {
  const names = new Set(uris.map(hostOf).filter((host) => host !== '' && isIP(host) === 0));
  const byName = new Map<string, Peer>();
  let timer: NodeJS.Timeout | undefined;
  const ownerOf = async (name: string): Promise<Peer | null> => {
    const addresses = await resolve(name).catch(() => []);
    const [first = null, ...others] = addresses.map((address) => peers.find(address));
    return others.every((peer) => peer === first) ? first : null;
  };
  const lookUp = async (name: string): Promise<void> => {
    const owner = await ownerOf(name);
    if (owner === null) byName.delete(name);
    else byName.set(name, owner);
  };
  const lookUpAll = async (): Promise<void> => {
    await Promise.all([...names].map(lookUp));
  };
  return {
    at(uri) {
      const host = hostOf(uri);
      return isIP(host) === 0 ? (byName.get(host) ?? null) : peers.find(host);
    },
    async leadsTo(uri, peer) {
      const host = hostOf(uri);
      if (host === '') return false;
      const found = isIP(host) === 0 ? (byName.get(host) ?? (await ownerOf(host))) : peers.find(host);
      return found === peer;
    },
    async start() {
      if (names.size === 0) return;
      timer = setInterval(() => void lookUpAll(), RESOLVE_AGAIN_MS);
      await lookUpAll();
    },
    stop: () => clearInterval(timer),
  };
}

function hostOf(uri: string): string {
  return parseUri(uri)?.host ?? '';
}
