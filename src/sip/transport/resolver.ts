import { promises as dns } from 'node:dns';
import { isIP } from 'node:net';
import { LRUCache } from 'lru-cache';
import type { SipUri } from '../message/message.ts';
import { TransportError, type Destination, type Resolver, type TransportProtocol } from './transport.ts';
import { defaultPort } from './via-destination.ts';

/** How long an answer, or the lack of one, is believed. */
export const RESOLVED_TTL_MS = 30_000;
export const UNRESOLVED_TTL_MS = 2_000;
export const MAX_RESOLVED_NAMES = 1_000;
/** Addresses of one name that are tried. */
export const MAX_DESTINATIONS = 16;

export interface SrvRecord {
  readonly name: string;
  readonly port: number;
  readonly priority: number;
  readonly weight: number;
}

/**
 * The name service, passed in. Both reject where a name has no such record, and where nobody could say: then with one of
 * `UNCERTAIN` as `code`, as node:dns has it.
 */
export interface NameService {
  addresses(host: string): Promise<readonly string[]>;
  srv(name: string): Promise<readonly SrvRecord[]>;
}

export interface ResolverOptions {
  readonly names?: NameService;
  /** 0 <= n < 1; chooses among SRV records of one priority. */
  readonly random: () => number;
}

/** One target of a name with its addresses. Without SRV there is one, of priority and weight 0. */
interface Target {
  readonly priority: number;
  readonly weight: number;
  readonly destinations: readonly Destination[];
}

/** RFC 3263 in small, as transport.ts says. */
export function createResolver(options: ResolverOptions): Resolver {
  const names = options.names ?? systemNames();
  const known = new LRUCache<string, readonly Target[] | TransportError>({
    max: MAX_RESOLVED_NAMES,
    ttl: RESOLVED_TTL_MS,
  });
  const asking = new Map<string, Promise<readonly Target[]>>();

  const ask = async (key: string, query: Query): Promise<readonly Target[]> => {
    try {
      const targets = await lookUp(query, names);
      known.set(key, targets);
      return targets;
    } catch (cause) {
      const error = new TransportError('dns', `no address was found for ${query.host}`, { cause });
      known.set(key, error, { ttl: UNRESOLVED_TTL_MS });
      throw error;
    } finally {
      asking.delete(key);
    }
  };

  return {
    resolve(uri) {
      const query = queryOf(uri);
      if (query instanceof TransportError) return Promise.reject(query);
      const literal = literalOf(query);
      if (literal !== null) return [literal];
      const key = `${query.protocol ?? ''} ${query.host} ${query.port ?? ''}`;
      const found = known.get(key);
      if (found instanceof TransportError) return Promise.reject(found);
      if (found !== undefined) return inOrder(found, options.random);
      const pending = asking.get(key) ?? ask(key, query);
      asking.set(key, pending);
      return pending.then((targets) => inOrder(targets, options.random));
    },
  };
}

interface Query {
  readonly host: string;
  readonly port: number | null;
  /** null where the URI leaves it open. */
  readonly protocol: TransportProtocol | null;
  readonly secure: boolean;
}

const PROTOCOLS: ReadonlySet<string> = new Set<TransportProtocol>(['udp', 'tcp', 'tls', 'ws', 'wss']);

/** RFC 3263 4 and 4.1: maddr stands for the host, the transport parameter decides, sips means TLS. */
function queryOf(uri: SipUri): Query | TransportError {
  const named = uri.params.get('transport')?.toLowerCase();
  const secure = uri.scheme === 'sips';
  const host = (uri.params.get('maddr') ?? uri.host).toLowerCase();
  const bare = host.startsWith('[') ? host.slice(1, -1) : host;
  if (named === undefined || named === '')
    return { host: bare, port: uri.port, protocol: secure ? 'tls' : null, secure };
  if (!PROTOCOLS.has(named))
    return new TransportError('no-transport', `transport=${named.slice(0, 20)} is not supported`);
  // RFC 3261 26.2.2: sips with transport=tcp is TLS over TCP.
  const protocol = secure && named === 'tcp' ? 'tls' : (named as TransportProtocol);
  return { host: bare, port: uri.port, protocol: secure && protocol === 'ws' ? 'wss' : protocol, secure };
}

function literalOf(query: Query): Destination | null {
  if (isIP(query.host) === 0) return null;
  const protocol = query.protocol ?? 'udp';
  return { protocol, address: query.host, port: query.port ?? defaultPort(protocol) };
}

async function lookUp(query: Query, names: NameService): Promise<readonly Target[]> {
  // RFC 3263 4.2: a port means A/AAAA. A name without a dot is a host of ours, and has no services.
  if (query.port === null && query.host.includes('.')) {
    let listed = false;
    for (const [service, protocol] of servicesOf(query)) {
      const targets = await lookUpService(`${service}.${query.host}`, protocol, names);
      if (targets !== null && targets.length > 0) return targets;
      listed ||= targets !== null;
    }
    // RFC 3263 4.2: A/AAAA of the name itself are for domains without SRV, not for those that offer nothing or cannot be reached.
    if (listed) throw new Error(`no service of ${query.host} can be reached`);
  }
  const protocol = query.protocol ?? 'udp';
  const addresses = await names.addresses(query.host);
  const port = query.port ?? defaultPort(protocol);
  return [{ priority: 0, weight: 0, destinations: addresses.map((address) => ({ protocol, address, port })) }];
}

function servicesOf(query: Query): readonly (readonly [string, TransportProtocol])[] {
  switch (query.protocol) {
    case 'udp':
      return [['_sip._udp', 'udp']];
    case 'tcp':
      return [['_sip._tcp', 'tcp']];
    case 'tls':
      return [['_sips._tcp', 'tls']];
    case 'ws':
      return [['_sip._ws', 'ws']];
    case 'wss':
      return [['_sips._ws', 'wss']];
    case null:
      return [
        ['_sip._udp', 'udp'],
        ['_sip._tcp', 'tcp'],
      ];
  }
}

/** Answers that leave open whether there are records: not "none", or calls would go where the domain does not want them. */
const UNCERTAIN: ReadonlySet<unknown> = new Set(['ESERVFAIL', 'ETIMEOUT']);

/** null where the domain has no such records. A target of `.` says that the service is not offered (RFC 2782). */
async function lookUpService(name: string, protocol: TransportProtocol, names: NameService): Promise<Target[] | null> {
  let records: readonly SrvRecord[];
  try {
    records = await names.srv(name);
  } catch (error) {
    if (error instanceof Error && UNCERTAIN.has(Reflect.get(error, 'code'))) throw error;
    return null;
  }
  if (records.length === 0) return null;
  const usable = records.filter((record) => record.name !== '' && record.name !== '.' && record.port > 0);
  const targets = await Promise.all(
    usable.slice(0, MAX_DESTINATIONS).map(async ({ name: host, port, priority, weight }) => {
      const addresses = isIP(host) === 0 ? await names.addresses(host).catch((): readonly string[] => []) : [host];
      return { priority, weight, destinations: addresses.map((address) => ({ protocol, address, port })) };
    }),
  );
  return targets.filter((target) => target.destinations.length > 0);
}

/** RFC 2782: lowest priority first; among equals each is drawn with a chance in proportion to its weight. */
function inOrder(targets: readonly Target[], random: () => number): readonly Destination[] {
  const left = targets.toSorted((a, b) => a.priority - b.priority);
  const destinations: Destination[] = [];
  while (left.length > 0) {
    const priority = left[0]?.priority;
    const equals = left.filter((target) => target.priority === priority);
    const drawn = draw(equals, random);
    destinations.push(...drawn.destinations);
    left.splice(left.indexOf(drawn), 1);
  }
  return destinations.slice(0, MAX_DESTINATIONS);
}

function draw(targets: readonly Target[], random: () => number): Target {
  const total = targets.reduce((sum, target) => sum + target.weight, 0);
  let mark = random() * total;
  for (const target of targets) {
    mark -= target.weight;
    if (mark < 0) return target;
  }
  const [first] = targets;
  if (first === undefined) throw new Error('nothing to draw from');
  return first;
}

/** The system's own resolver, /etc/hosts included, for addresses; DNS for SRV, which gives up after some 4 s. */
function systemNames(): NameService {
  const resolver = new dns.Resolver({ timeout: 2_000, tries: 2 });
  return {
    addresses: async (host) =>
      (await dns.lookup(host, { all: true, order: 'ipv4first' })).map(({ address }) => address),
    srv: (name) => resolver.resolveSrv(name),
  };
}
