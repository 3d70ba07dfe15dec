import { isIP, SocketAddress } from 'node:net';
import { LRUCache } from 'lru-cache';
import { systemClock } from '../clock.ts';
import type { SipUri } from '../message/message.ts';
import type { Clock } from '../stack.types.ts';
import { codeOf, systemNames, type NameService, type NaptrRecord, type SrvRecord } from './names.ts';
import { TransportError, type Destination, type Resolver, type TransportProtocol } from './transport.ts';
import { defaultPort } from './via-destination.ts';

/** The TTL of an answer counts, between these: neither a question for each call, nor one a day. */
export const MIN_RESOLVED_TTL_MS = 5_000;
export const MAX_RESOLVED_TTL_MS = 3_600_000;
/** SRV and NAPTR records come without their TTL from node:dns: that of the addresses they lead to counts, and no more than this. */
export const MAX_SERVICE_TTL_MS = 60_000;
/** How long the lack of an answer is believed. */
export const UNRESOLVED_TTL_MS = 2_000;
/** A look-up that takes longer counts as failed. */
export const LOOKUP_TIMEOUT_MS = 5_000;
export const MAX_RESOLVED_NAMES = 1_000;
/** Addresses of one name that are tried. */
export const MAX_DESTINATIONS = 16;
/** How long a destination that failed is tried after all others of its name, and how many such are remembered. */
export const FAILED_DESTINATION_MS = 30_000;
export const MAX_FAILED_DESTINATIONS = 1_000;

export interface ResolverOptions {
  readonly names?: NameService;
  readonly clock?: Clock;
  /** 0 <= n < 1; chooses among SRV records of one priority. */
  readonly random: () => number;
  /** Whether requests can be sent over it: of the services of a domain no other is asked for. All by default. */
  readonly supports?: (protocol: TransportProtocol) => boolean;
}

/** One target of a name with its addresses. Without SRV there is one, of priority and weight 0. */
interface Target {
  readonly priority: number;
  readonly weight: number;
  readonly destinations: readonly Destination[];
}

interface Answer {
  readonly targets: readonly Target[];
  readonly ttlMs: number;
}

interface Known {
  readonly found: readonly Target[] | TransportError;
  readonly untilMs: number;
}

/** RFC 3263, as transport.ts says. */
export function createResolver(options: ResolverOptions): Resolver {
  const { random, names = systemNames(), clock = systemClock, supports = (): boolean => true } = options;
  const known = new LRUCache<string, Known>({ max: MAX_RESOLVED_NAMES });
  const asking = new Map<string, Promise<readonly Target[]>>();
  /** Until when, by `keyOf`. */
  const failures = new LRUCache<string, number>({ max: MAX_FAILED_DESTINATIONS });

  const ask = async (key: string, query: Query): Promise<readonly Target[]> => {
    try {
      const { targets, ttlMs } = await within(LOOKUP_TIMEOUT_MS, clock, lookUp(query, names, supports));
      const boundedMs = Math.min(Math.max(ttlMs, MIN_RESOLVED_TTL_MS), MAX_RESOLVED_TTL_MS);
      known.set(key, { found: targets, untilMs: clock.now() + boundedMs });
      return targets;
    } catch (cause) {
      const error = new TransportError('dns', `no address was found for ${query.host}`, { cause });
      known.set(key, { found: error, untilMs: clock.now() + UNRESOLVED_TTL_MS });
      throw error;
    } finally {
      asking.delete(key);
    }
  };

  const order = (targets: readonly Target[]): readonly Destination[] => {
    const destinations = inOrder(targets, random);
    if (failures.size === 0) return destinations.slice(0, MAX_DESTINATIONS);
    const nowMs = clock.now();
    const hasFailed = (each: Destination): boolean => (failures.get(keyOf(each)) ?? -Infinity) > nowMs;
    const sound = destinations.filter((each) => !hasFailed(each));
    return [...sound, ...destinations.filter(hasFailed)].slice(0, MAX_DESTINATIONS);
  };

  return {
    resolve(uri) {
      const query = queryOf(uri);
      if (query instanceof TransportError) return Promise.reject(query);
      if (isIP(query.host) !== 0) return [destinationOf(query, query.protocol ?? 'udp', query.host, query.port)];
      const key = `${query.protocol ?? ''} ${query.host} ${query.port ?? ''} ${query.serverName}`;
      const remembered = known.get(key);
      if (remembered !== undefined && remembered.untilMs > clock.now()) {
        const { found } = remembered;
        return found instanceof TransportError ? Promise.reject(found) : order(found);
      }
      const pending = asking.get(key) ?? ask(key, query);
      asking.set(key, pending);
      return pending.then(order);
    },
    failed(destination) {
      failures.set(keyOf(destination), clock.now() + FAILED_DESTINATION_MS);
    },
    answered(destination) {
      if (failures.size > 0) failures.delete(keyOf(destination));
    },
  };
}

function keyOf({ protocol, address, port }: Destination): string {
  return `${protocol} ${address} ${port}`;
}

/** Rejects when the time is over; what comes of the promise then interests nobody. */
function within<T>(limitMs: number, clock: Clock, promise: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = clock.setTimeout(() => reject(new Error(`no answer within ${limitMs} ms`)), limitMs);
    promise.then(resolve, reject).finally(() => clock.clearTimeout(timer));
  });
}

interface Query {
  readonly host: string;
  readonly port: number | null;
  /** null where the URI leaves it open. */
  readonly protocol: TransportProtocol | null;
  /** The host that the URI names, which certificates are held against. */
  readonly serverName: string;
}

const PROTOCOLS: ReadonlySet<string> = new Set<TransportProtocol>(['udp', 'tcp', 'tls', 'ws', 'wss']);

/** RFC 3263 4 and 4.1: maddr stands for the host, the transport parameter decides, sips means TLS. */
function queryOf(uri: SipUri): Query | TransportError {
  const named = uri.params.get('transport')?.toLowerCase() ?? '';
  const secure = uri.scheme === 'sips';
  const serverName = bare(uri.host);
  const host = bare(uri.params.get('maddr') ?? uri.host);
  if (named === '') return { host, port: uri.port, protocol: secure ? 'tls' : null, serverName };
  // RFC 3261 26.2.2: nothing that begins as sips goes in the clear; over UDP there is no TLS.
  if (!PROTOCOLS.has(named) || (secure && named === 'udp'))
    return new TransportError('no-transport', `transport=${named.slice(0, 20)} is not supported`);
  return { host, port: uri.port, protocol: secure ? securedOf(named) : (named as TransportProtocol), serverName };
}

/** RFC 3261 26.2.2: sips with transport=tcp is TLS over TCP; RFC 7118 5.2: with ws it is wss. */
function securedOf(named: string): TransportProtocol {
  return named === 'ws' || named === 'wss' ? 'wss' : 'tls';
}

/** Of the many spellings of an IPv6 address (RFC 5952 1) the one that sockets show: by it open connections are found. */
function bare(host: string): string {
  const name = (host.startsWith('[') ? host.slice(1, -1) : host).toLowerCase();
  return isIP(name) === 6 ? new SocketAddress({ address: name, family: 'ipv6' }).address : name;
}

function destinationOf(
  { serverName }: Query,
  protocol: TransportProtocol,
  address: string,
  port: number | null,
): Destination {
  const to = { protocol, address, port: port ?? defaultPort(protocol) };
  const certified = (protocol === 'tls' || protocol === 'wss') && isIP(serverName) === 0;
  return certified ? { ...to, serverName } : to;
}

type Supports = (protocol: TransportProtocol) => boolean;

async function lookUp(query: Query, names: NameService, supports: Supports): Promise<Answer> {
  // RFC 3263 4.2: a port means A/AAAA. A name without a dot is a host of ours, and has no services.
  if (query.port === null && query.host.includes('.')) {
    let listed = false;
    for (const [name, protocol] of await servicesOf(query, names, supports)) {
      const answer = await lookUpService(name, protocol, query, names);
      if (answer !== null && answer.targets.length > 0) return answer;
      listed ||= answer !== null;
    }
    // RFC 3263 4.2: A/AAAA of the name itself are for domains without SRV, not for those that offer nothing or cannot be reached.
    if (listed) throw new Error(`no service of ${query.host} can be reached`);
  }
  const protocol = query.protocol ?? 'udp';
  const { addresses, ttlMs } = await names.addresses(query.host);
  if (addresses.length === 0) throw new Error(`${query.host} has no address`);
  const destinations = addresses.map((address) => destinationOf(query, protocol, address, query.port));
  return { targets: [{ priority: 0, weight: 0, destinations }], ttlMs };
}

/** The names of the SRV records to ask for, best first. */
type Service = readonly [name: string, protocol: TransportProtocol];

/** RFC 3263 4.1: NAPTR where the URI leaves the transport open, else SRV of that transport. RFC 7118 has none for WebSockets. */
async function servicesOf(query: Query, names: NameService, supports: Supports): Promise<readonly Service[]> {
  const { host, protocol } = query;
  switch (protocol) {
    case 'udp':
      return [[`_sip._udp.${host}`, 'udp']];
    case 'tcp':
      return [[`_sip._tcp.${host}`, 'tcp']];
    case 'tls':
      return [[`_sips._tcp.${host}`, 'tls']];
    case 'ws':
    case 'wss':
      return [];
    case null: {
      // Many domains have none, and some name servers fail at the question: SRV will tell.
      const records = await (names.naptr?.(host) ?? Promise.resolve([])).catch((): readonly NaptrRecord[] => []);
      const preferred = preferredOf(records, supports);
      if (preferred.length > 0) return preferred;
      const both: readonly Service[] = [
        [`_sip._udp.${host}`, 'udp'],
        [`_sip._tcp.${host}`, 'tcp'],
      ];
      return both.filter(([, each]) => supports(each));
    }
  }
}

/** RFC 3263 4.1. */
const NAPTR_SERVICES: ReadonlyMap<string, TransportProtocol> = new Map([
  ['SIP+D2U', 'udp'],
  ['SIP+D2T', 'tcp'],
  ['SIPS+D2T', 'tls'],
]);

function preferredOf(records: readonly NaptrRecord[], supports: Supports): readonly Service[] {
  const services: Service[] = [];
  for (const record of records.toSorted((a, b) => a.order - b.order || a.preference - b.preference)) {
    const protocol = NAPTR_SERVICES.get(record.service.toUpperCase());
    if (protocol === undefined || record.flags.toLowerCase() !== 's' || !supports(protocol)) continue;
    services.push([record.replacement, protocol]);
  }
  return services;
}

/** Answers that leave open whether there are records: not "none", or calls would go where the domain does not want them. */
const UNCERTAIN: ReadonlySet<unknown> = new Set(['ESERVFAIL', 'ETIMEOUT']);

/** null where the domain has no such records. A target of `.` says that the service is not offered (RFC 2782). */
async function lookUpService(
  name: string,
  protocol: TransportProtocol,
  query: Query,
  names: NameService,
): Promise<Answer | null> {
  let records: readonly SrvRecord[];
  try {
    records = await names.srv(name);
  } catch (error) {
    if (UNCERTAIN.has(codeOf(error))) throw error;
    return null;
  }
  if (records.length === 0) return null;
  let shortestMs = MAX_SERVICE_TTL_MS;
  const addressesOf = async (host: string): Promise<readonly string[]> => {
    if (isIP(host) !== 0) return [host];
    const answer = await names.addresses(host).catch(() => null);
    if (answer !== null) shortestMs = Math.min(shortestMs, answer.ttlMs);
    return answer?.addresses ?? [];
  };
  const usable = records
    .filter((record) => record.name !== '' && record.name !== '.' && record.port > 0)
    .toSorted((a, b) => a.priority - b.priority);
  const targets = await Promise.all(
    usable.slice(0, MAX_DESTINATIONS).map(async ({ name: host, port, priority, weight }) => {
      const addresses = await addressesOf(host);
      return { priority, weight, destinations: addresses.map((each) => destinationOf(query, protocol, each, port)) };
    }),
  );
  return { targets: targets.filter((target) => target.destinations.length > 0), ttlMs: shortestMs };
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
  return destinations;
}

/**
 * RFC 2782: of the numbers 0 to the sum of the weights one is drawn; 0 stands for the targets without weight, which have "a very
 * small chance" among others. Without such it is drawn from 1, or the first target would have more than its part.
 */
function draw(targets: readonly Target[], random: () => number): Target {
  const weightless = targets.filter((target) => target.weight === 0);
  const total = targets.reduce((sum, target) => sum + target.weight, 0);
  let mark = weightless.length > 0 ? Math.floor(random() * (total + 1)) : 1 + Math.floor(random() * total);
  if (mark === 0) return at(weightless, Math.floor(random() * weightless.length));
  for (const target of targets) {
    mark -= target.weight;
    if (target.weight > 0 && mark <= 0) return target;
  }
  return at(targets, 0);
}

function at(targets: readonly Target[], index: number): Target {
  const target = targets[index];
  if (target === undefined) throw new Error('nothing to draw from');
  return target;
}
