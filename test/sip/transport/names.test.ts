import fc from 'fast-check';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { writeFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { describe, expect, it, onTestFinished } from 'vitest';
import {
  createResolver,
  parseUri,
  systemNames,
  type Destination,
  type Resolver,
  type ResolverOptions,
  type SipUri,
} from '../../../src/sip/index.ts';
import { MAX_LOOKUP_SOCKETS, SYSTEM_TTL_MS } from '../../../src/sip/transport/names.ts';
import {
  FAILED_DESTINATION_MS,
  LOOKUP_TIMEOUT_MS,
  MAX_RESOLVED_TTL_MS,
  MAX_SERVICE_TTL_MS,
  MIN_RESOLVED_TTL_MS,
  UNRESOLVED_TTL_MS,
} from '../../../src/sip/transport/resolver.ts';
import { startDnsServer, type DnsRecord, type DnsServer, type DnsZone } from '../../support/dns-server.ts';
import { manualClock, type ManualClock } from '../clock.ts';

/** Look-ups of the real system, against a name server of the test's. */

const a = (address: string, ttlS = 60): DnsRecord => ({ type: 'A', address, ttlS });
const srv = (name: string, priority: number, weight: number, port = 5070): DnsRecord => ({
  type: 'SRV',
  name,
  priority,
  weight,
  port,
});

interface Under {
  readonly dns: DnsServer;
  readonly clock: ManualClock;
  readonly resolver: Resolver;
  /** What a URI leads to, in order. */
  readonly found: (text: string) => Promise<string[]>;
}

function hostsFile(text: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'hosts-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  writeFileSync(join(folder, 'hosts'), text);
  return join(folder, 'hosts');
}

async function under(zone: DnsZone, options: Partial<ResolverOptions> = {}, hosts = ''): Promise<Under> {
  const dns = await startDnsServer(zone);
  onTestFinished(() => dns.close());
  const clock = manualClock();
  const names = systemNames({
    servers: [dns.address],
    hostsFile: hostsFile(hosts),
    lookUp: (host) =>
      /^pbx(\.local)?$/.test(host) ? Promise.resolve(['192.0.2.20']) : Promise.reject(new Error('ENOTFOUND')),
  });
  const resolver = createResolver({ names, clock, random: () => 0, ...options });
  const found = async (text: string): Promise<string[]> => shown(await resolver.resolve(uriOf(text)));
  return { dns, clock, resolver, found };
}

/** A name server that never answers: the port that each question comes from, and what the system is asked. */
async function silent() {
  const socket = createSocket('udp4');
  onTestFinished(() => void socket.close());
  const ports: number[] = [];
  socket.on('message', (_question, { port }) => ports.push(port));
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  const asked: string[] = [];
  const lookUp = (host: string): Promise<string[]> => {
    asked.push(host);
    return Promise.resolve([]);
  };
  const servers = [`127.0.0.1:${socket.address().port}`];
  return { names: systemNames({ servers, hostsFile: hostsFile(''), lookUp }), ports, asked };
}

function uriOf(text: string): SipUri {
  const uri = parseUri(text);
  if (uri === null) throw new Error(text);
  return uri;
}

function shown(destinations: readonly Destination[]): string[] {
  return destinations.map(({ protocol, address, port }) => `${protocol} ${address} ${port}`);
}

describe('a name of the DNS', () => {
  it('has its A and AAAA records, IPv4 first', async () => {
    const { found } = await under({
      'pbx.example': [{ type: 'AAAA', address: '2001:db8::7' }, a('192.0.2.1'), a('192.0.2.2')],
    });
    const addresses = await found('sip:pbx.example:5060');
    expect(addresses.toSorted()).toEqual(['udp 192.0.2.1 5060', 'udp 192.0.2.2 5060', 'udp 2001:db8::7 5060']);
    expect(addresses[2]).toBe('udp 2001:db8::7 5060');
  });

  it('is led by NAPTR to its services, where the URI names neither transport nor port (RFC 3263 4.1)', async () => {
    const naptr = (order: number, service: string, replacement: string): DnsRecord => ({
      type: 'NAPTR',
      order,
      preference: 1,
      flags: 's',
      service,
      replacement,
    });
    const zone: DnsZone = {
      'a.example': [naptr(2, 'SIP+D2U', 'udp.a.example'), naptr(1, 'SIPS+D2T', 'tls.a.example'), naptr(0, 'x', 'y')],
      'udp.a.example': [srv('one.a.example', 0, 0)],
      'tls.a.example': [srv('two.a.example', 0, 0)],
      'one.a.example': [a('192.0.2.1')],
      'two.a.example': [a('192.0.2.2')],
    };
    const all = await under(zone);
    expect(await all.found('sip:a.example')).toEqual(['tls 192.0.2.2 5070']);
    const plain = await under(zone, { supports: (protocol) => protocol === 'udp' });
    expect(await plain.found('sip:a.example')).toEqual(['udp 192.0.2.1 5070']);
    await expect(plain.found('sip:a.example;transport=tcp')).rejects.toMatchObject({ code: 'dns' });
    expect(plain.dns.asked).not.toContain('SRV tls.a.example');
  });

  it('has its certificate held against the host of the URI, not against the target of its SRV', async () => {
    const { resolver } = await under({
      '_sips._tcp.a.example': [srv('one.b.example', 0, 0)],
      'one.b.example': [a('192.0.2.1')],
    });
    expect(await resolver.resolve(uriOf('sips:A.example'))).toEqual([
      { protocol: 'tls', address: '192.0.2.1', port: 5070, serverName: 'a.example' },
    ]);
    expect(await resolver.resolve(uriOf('sips:192.0.2.1'))).toEqual([
      { protocol: 'tls', address: '192.0.2.1', port: 5061 },
    ]);
  });

  it('is never reached in the clear where the URI says sips (RFC 3261 26.2.2)', async () => {
    const { found } = await under({ 'a.example': [a('192.0.2.1')] });
    await expect(found('sips:a.example;transport=udp')).rejects.toMatchObject({ code: 'no-transport' });
    expect(await found('sips:a.example:5061;transport=ws')).toEqual(['wss 192.0.2.1 5061']);
  });

  it('over WebSockets has no services', async () => {
    const { found, dns } = await under({ 'a.example': [a('192.0.2.1')] });
    expect(await found('sip:a.example;transport=wss')).toEqual(['wss 192.0.2.1 443']);
    expect(dns.asked.filter((each) => each.startsWith('SRV'))).toEqual([]);
  });

  it.each([
    [300, 300_000],
    [0, MIN_RESOLVED_TTL_MS],
    [1_000_000, MAX_RESOLVED_TTL_MS],
  ])('with a TTL of %i s is asked for again after %i ms', async (ttlS, ttlMs) => {
    const { dns, clock, found } = await under({ 'pbx.example': [a('192.0.2.1', ttlS)] });
    const uri = 'sip:pbx.example:5060';
    await found(uri);
    dns.zone = { 'pbx.example': [a('192.0.2.2', ttlS)] };
    clock.advance(ttlMs - 1);
    expect(await found(uri)).toEqual(['udp 192.0.2.1 5060']);
    clock.advance(1);
    expect(await found(uri)).toEqual(['udp 192.0.2.2 5060']);
  });

  it.each([
    [20, 20_000],
    [900, MAX_SERVICE_TTL_MS],
  ])('with services has the shortest TTL of their addresses, and a minute at most: %i s', async (ttlS, ttlMs) => {
    const { dns, clock, found } = await under({
      '_sip._udp.a.example': [srv('one.a.example', 0, 0), srv('two.a.example', 1, 0)],
      'one.a.example': [a('192.0.2.1', 3_000)],
      'two.a.example': [a('192.0.2.2', ttlS)],
    });
    await found('sip:a.example');
    const asked = dns.asked.length;
    clock.advance(ttlMs - 1);
    await found('sip:a.example');
    expect(dns.asked.length).toBe(asked);
    clock.advance(1);
    await found('sip:a.example');
    expect(dns.asked.length).toBe(2 * asked);
  });

  it('that does not exist is asked for again soon', async () => {
    const { dns, clock, found } = await under({});
    await expect(found('sip:none.example:5060')).rejects.toMatchObject({ code: 'dns' });
    dns.zone = { 'none.example': [a('192.0.2.1')] };
    clock.advance(UNRESOLVED_TTL_MS - 1);
    await expect(found('sip:none.example:5060')).rejects.toMatchObject({ code: 'dns' });
    clock.advance(1);
    expect(await found('sip:none.example:5060')).toEqual(['udp 192.0.2.1 5060']);
  });

  it('that nobody answers for is given up', async () => {
    const { clock, found, dns } = await under({ 'slow.example': 'silent' });
    const answer = found('sip:slow.example:5060');
    await expect.poll(() => dns.asked.length).toBeGreaterThan(0);
    clock.advance(LOOKUP_TIMEOUT_MS);
    await expect(answer).rejects.toMatchObject({ code: 'dns' });
    expect(clock.alarms).toBe(0);
  });

  it('that nobody answers for is not asked of the system, which would keep a thread busy with the same question', async () => {
    const { names, asked } = await silent();
    await expect(names.addresses('slow.example')).rejects.toMatchObject({ code: 'ETIMEOUT' });
    expect(asked).toEqual([]);
  }, 20_000);

  it('is asked for over few sockets, however many names wait for an answer', async () => {
    const { names, ports } = await silent();
    const asking: Promise<unknown>[] = [];
    for (let index = 0; index < 4 * MAX_LOOKUP_SOCKETS; index += 1) {
      asking.push(names.srv(`_sip._udp.h${index}.example`).catch(() => undefined));
      // The name server must have time to count.
      if (index % 32 === 0) await setImmediate();
    }
    await Promise.all(asking);
    expect(new Set(ports).size).toBeGreaterThan(MAX_LOOKUP_SOCKETS / 2);
    // Each question is asked twice, from a new port.
    expect(new Set(ports).size).toBeLessThanOrEqual(2 * (MAX_LOOKUP_SOCKETS + 1));
  }, 20_000);

  it('whose services cannot be known is not called at its address', async () => {
    const { found } = await under({ '_sip._udp.a.example': 'failed', 'a.example': [a('192.0.2.1')] });
    await expect(found('sip:a.example')).rejects.toMatchObject({ code: 'dns' });
  });

  it('is asked for once, however many calls wait for it', async () => {
    const { dns, found } = await under({ 'pbx.example': [a('192.0.2.1')] });
    await Promise.all(Array.from({ length: 50 }, () => found('sip:pbx.example:5060')));
    expect(dns.asked.toSorted()).toEqual(['A pbx.example', 'AAAA pbx.example']);
  });
});

describe('a name of the system', () => {
  it('in the hosts file goes before the DNS, and is read again', async () => {
    const hosts = '# ours\n192.0.2.9  other.example PBX.example # and more\n2001:db8::9 pbx.example\n';
    const { found, dns, clock } = await under({ 'pbx.example': [a('192.0.2.1')] }, {}, hosts);
    expect(await found('sip:pbx.example:5060')).toEqual(['udp 192.0.2.9 5060', 'udp 2001:db8::9 5060']);
    clock.advance(SYSTEM_TTL_MS);
    await found('sip:pbx.example:5060');
    expect(dns.asked).toEqual([]);
  });

  it.each(['pbx', 'pbx.local'])('%s, without a dot or below .local (RFC 6762), is the system`s alone', async (host) => {
    const { found, dns } = await under({ [host]: [a('192.0.2.1')] });
    expect(await found(`sip:${host}:5060`)).toEqual(['udp 192.0.2.20 5060']);
    expect(dns.asked).toEqual([]);
  });
});

describe('a destination that failed', () => {
  const zone: DnsZone = {
    '_sip._udp.a.example': [srv('one.a.example', 0, 1), srv('two.a.example', 1, 1), srv('three.a.example', 2, 1)],
    'one.a.example': [a('192.0.2.1', 3_600)],
    'two.a.example': [a('192.0.2.2', 3_600)],
    'three.a.example': [a('192.0.2.3', 3_600)],
  };
  const [one, two, three] = [1, 2, 3].map((host) => `udp 192.0.2.${host} 5070`);
  const to = (host: number): Destination => ({ protocol: 'udp', address: `192.0.2.${host}`, port: 5070 });

  it('is tried last for some time, and not left out', async () => {
    const { found, resolver, clock } = await under(zone);
    resolver.failed(to(1));
    expect(await found('sip:a.example')).toEqual([two, three, one]);
    resolver.failed(to(2));
    expect(await found('sip:a.example')).toEqual([three, one, two]);
    resolver.failed(to(3));
    expect(await found('sip:a.example')).toEqual([one, two, three]);
    clock.advance(FAILED_DESTINATION_MS - 1);
    resolver.failed(to(1));
    expect(await found('sip:a.example')).toEqual([one, two, three]);
    clock.advance(1);
    expect(await found('sip:a.example')).toEqual([two, three, one]);
  });

  it('is tried in its turn once it has answered', async () => {
    const { found, resolver } = await under(zone);
    resolver.failed(to(1));
    resolver.answered(to(1));
    expect(await found('sip:a.example')).toEqual([one, two, three]);
  });
});

describe('SRV weights (RFC 2782)', () => {
  /** How often each target comes first in so many draws that cover 0 to 1 evenly. */
  async function firsts(weights: readonly number[], draws: number): Promise<number[]> {
    let step = 0;
    const random = (): number => ((step++ % draws) + 0.5) / draws;
    const records = weights.map((weight, host) => ({ name: `192.0.2.${host}`, port: 5060, priority: 0, weight }));
    const names = { addresses: () => Promise.reject(new Error('none')), srv: () => Promise.resolve(records) };
    const resolver = createResolver({ names, random, supports: (protocol) => protocol === 'udp' });
    const counts = weights.map(() => 0);
    for (let draw = 0; draw < draws; draw++) {
      step = draw;
      const [first] = await resolver.resolve(uriOf('sip:a.example'));
      const host = Number(first?.address.split('.')[3]);
      counts[host] = (counts[host] ?? 0) + 1;
    }
    return counts;
  }

  it('the first target is drawn in proportion to the weights', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.integer({ min: 1, max: 100 }), { minLength: 2, maxLength: 5 }), async (weights) => {
        const total = weights.reduce((sum, weight) => sum + weight, 0);
        // As many draws as there are numbers to draw: each falls to its target exactly.
        expect(await firsts(weights, total)).toEqual(weights);
      }),
      { numRuns: 30 },
    );
  });

  it('targets of weight 0 have a very small chance beside others, and an equal one among themselves', async () => {
    expect(await firsts([0, 99], 100)).toEqual([1, 99]);
    const alike = await firsts([0, 0, 0, 0], 400);
    expect(alike).toEqual([100, 100, 100, 100]);
  });
});
