import { promises as dns } from 'node:dns';
import { readFile } from 'node:fs/promises';

/** How long an answer is believed that bears no TTL: of the hosts file, or of the system's own look-up. */
export const SYSTEM_TTL_MS = 30_000;
/** Questions under way that have a socket of their own, so that a forger has to guess its port; further ones share one. */
export const MAX_LOOKUP_SOCKETS = 256;

/** RFC 2782. */
export interface SrvRecord {
  readonly name: string;
  readonly port: number;
  readonly priority: number;
  readonly weight: number;
}

/** RFC 3403, as node:dns has it. */
export interface NaptrRecord {
  readonly order: number;
  readonly preference: number;
  readonly flags: string;
  readonly service: string;
  readonly replacement: string;
}

export interface Addresses {
  readonly addresses: readonly string[];
  readonly ttlMs: number;
}

/**
 * The name service, passed in. Its functions reject where a name has no such record, and where nobody could say: then with
 * ESERVFAIL or ETIMEOUT as `code`, as node:dns has it.
 */
export interface NameService {
  addresses(host: string): Promise<Addresses>;
  srv(name: string): Promise<readonly SrvRecord[]>;
  /** Without it no NAPTR is asked for. */
  naptr?(name: string): Promise<readonly NaptrRecord[]>;
}

export interface SystemNamesOptions {
  /** `192.0.2.53`, `127.0.0.1:5353`: the system's by default. */
  readonly servers?: readonly string[];
  readonly hostsFile?: string;
  /** What else the system knows: getaddrinfo by default. */
  readonly lookUp?: (host: string) => Promise<readonly string[]>;
}

/**
 * The hosts file; the DNS, for its answers bear a TTL and a slow one keeps no thread busy; and last what else the system knows
 * (search domains). Names without a dot, and those of mDNS (RFC 6762), are the system's alone.
 */
export function systemNames(options: SystemNamesOptions = {}): NameService {
  const { servers, hostsFile = '/etc/hosts', lookUp = bySystem } = options;
  // Two tries take 3 s.
  const newResolver = (): dns.Resolver => {
    const made = new dns.Resolver({ timeout: 1_000, tries: 2 });
    if (servers !== undefined) made.setServers(servers);
    return made;
  };
  let sockets = 0;
  let shared: dns.Resolver | null = null;
  /** With a resolver of its own, so that a change of the system's name servers is seen. */
  const ask = async <T>(question: (resolver: dns.Resolver) => Promise<T>): Promise<T> => {
    if (sockets >= MAX_LOOKUP_SOCKETS) return question((shared ??= newResolver()));
    sockets += 1;
    try {
      return await question(newResolver());
    } finally {
      sockets -= 1;
      shared = null;
    }
  };
  return {
    addresses: async (host) => {
      const inDomain = host.includes('.') && !host.endsWith('.local');
      const written = inDomain ? await inHostsFile(hostsFile, host) : [];
      const answer = inDomain && written.length === 0 ? await ask((resolver) => inDns(resolver, host)) : null;
      if (answer !== null) return answer;
      return { addresses: written.length > 0 ? written : await lookUp(host), ttlMs: SYSTEM_TTL_MS };
    },
    srv: (name) => ask((resolver) => resolver.resolveSrv(name)),
    naptr: (name) => ask((resolver) => resolver.resolveNaptr(name)),
  };
}

async function inDns(resolver: dns.Resolver, host: string): Promise<Addresses | null> {
  const answers = await Promise.allSettled([
    resolver.resolve4(host, { ttl: true }),
    resolver.resolve6(host, { ttl: true }),
  ]);
  const records = answers.flatMap((answer) => (answer.status === 'fulfilled' ? answer.value : []));
  // The system would ask the same servers, and keep one of its few threads busy with it.
  for (const answer of answers) {
    if (records.length === 0 && answer.status === 'rejected' && codeOf(answer.reason) === 'ETIMEOUT')
      throw answer.reason;
  }
  if (records.length === 0) return null;
  const ttlS = Math.min(...records.map(({ ttl }) => ttl));
  return { addresses: records.map(({ address }) => address), ttlMs: ttlS * 1_000 };
}

/** The `code` of an error of node:dns. */
export function codeOf(error: unknown): unknown {
  return error instanceof Error ? Reflect.get(error, 'code') : undefined;
}

async function bySystem(host: string): Promise<readonly string[]> {
  const found = await dns.lookup(host, { all: true, order: 'ipv4first' });
  return found.map(({ address }) => address);
}

/** hosts(5). A machine without such a file has none of its names. */
async function inHostsFile(file: string, host: string): Promise<readonly string[]> {
  const text = await readFile(file, 'utf8').catch(() => '');
  const addresses: string[] = [];
  for (const line of text.split('\n')) {
    const [address, ...names] = line.replace(/#.*/, '').trim().split(/\s+/);
    if (address !== undefined && names.some((name) => name.toLowerCase() === host)) addresses.push(address);
  }
  return addresses;
}
