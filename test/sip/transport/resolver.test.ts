import { describe, expect, it } from 'vitest';
import {
  createResolver,
  destinationOfVia,
  parseUri,
  parseVia,
  type Destination,
  type NameService,
  type Resolver,
  type SipUri,
  type SrvRecord,
} from '../../../src/sip/index.ts';
import { MAX_DESTINATIONS } from '../../../src/sip/transport/resolver.ts';

interface Zone {
  readonly hosts?: Record<string, string[]>;
  readonly services?: Record<string, SrvRecord[]>;
}

/** A name service with this content, which writes down what it was asked. */
function zone({ hosts = {}, services = {} }: Zone, asked: string[] = []): NameService {
  const answer = async <T>(kind: string, name: string, of: Record<string, T>): Promise<T> => {
    asked.push(`${kind} ${name}`);
    const found = of[name];
    if (found === undefined) throw new Error(`ENOTFOUND ${name}`);
    return found;
  };
  return {
    addresses: async (name) => ({ addresses: await answer('A', name, hosts), ttlMs: 60_000 }),
    srv: (name) => answer('SRV', name, services),
  };
}

function uri(text: string): SipUri {
  const parsed = parseUri(text);
  if (parsed === null) throw new Error(text);
  return parsed;
}

function resolver(names: NameService, random: () => number = () => 0): Resolver {
  return createResolver({ names, random });
}

function shown(destinations: readonly Destination[]): string[] {
  return destinations.map(({ protocol, address, port }) => `${protocol} ${address} ${port}`);
}

const srv = (name: string, priority = 0, weight = 0, port = 5070): SrvRecord => ({ name, port, priority, weight });

describe('a resolver', () => {
  it.each([
    ['sip:192.0.2.1', 'udp 192.0.2.1 5060'],
    ['sip:192.0.2.1:5080;transport=TCP', 'tcp 192.0.2.1 5080'],
    ['sips:192.0.2.1', 'tls 192.0.2.1 5061'],
    ['sips:192.0.2.1;transport=tcp', 'tls 192.0.2.1 5061'],
    ['sip:[2001:db8::1]', 'udp 2001:db8::1 5060'],
    ['sip:[2001:DB8:0:0::0:1]', 'udp 2001:db8::1 5060'],
    ['sip:h.example;maddr=192.0.2.9', 'udp 192.0.2.9 5060'],
    ['sip:h.example;maddr=[::1];transport=ws', 'ws ::1 80'],
  ])('answers %s at once: %s', (text, expected) => {
    const found = resolver(zone({})).resolve(uri(text));
    expect(found).toBeInstanceOf(Array);
    expect(shown(found as readonly Destination[])).toEqual([expected]);
  });

  it('asks for addresses alone where there is a port (RFC 3263 4.2), or a name without a dot', async () => {
    const asked: string[] = [];
    const some = resolver(zone({ hosts: { 'h.example': ['192.0.2.1', '::1'], pbx: ['192.0.2.2'] } }, asked));
    expect(shown(await some.resolve(uri('sip:H.example:5090;transport=tcp')))).toEqual([
      'tcp 192.0.2.1 5090',
      'tcp ::1 5090',
    ]);
    expect(shown(await some.resolve(uri('sip:pbx')))).toEqual(['udp 192.0.2.2 5060']);
    expect(asked).toEqual(['A h.example', 'A pbx']);
  });

  it('asks for the services of the transport first, then for addresses', async () => {
    const asked: string[] = [];
    const some = resolver(zone({ hosts: { 'h.example': ['192.0.2.1'] } }, asked));
    expect(shown(await some.resolve(uri('sip:h.example')))).toEqual(['udp 192.0.2.1 5060']);
    await some.resolve(uri('sip:h.example;transport=tcp'));
    await some.resolve(uri('sips:h.example'));
    expect(asked.filter((each) => each.startsWith('SRV'))).toEqual([
      'SRV _sip._udp.h.example',
      'SRV _sip._tcp.h.example',
      'SRV _sip._tcp.h.example',
      'SRV _sips._tcp.h.example',
    ]);
  });

  it('tries services by priority, then by weight as the dice fall (RFC 2782)', async () => {
    const records = [srv('backup', 20), srv('light', 10, 1), srv('heavy', 10, 3), srv('gone', 1), srv('.', 0)];
    const hosts = { backup: ['192.0.2.3'], light: ['192.0.2.1'], heavy: ['192.0.2.2'] };
    const names = zone({ services: { '_sip._udp.h.example': records }, hosts });
    const order = async (random: number): Promise<string[]> =>
      (await resolver(names, () => random).resolve(uri('sip:h.example'))).map(({ address }) => address);
    expect(await order(0.2)).toEqual(['192.0.2.1', '192.0.2.2', '192.0.2.3']);
    expect(await order(0.3)).toEqual(['192.0.2.2', '192.0.2.1', '192.0.2.3']);
  });

  it('takes the transport of the service that exists', async () => {
    const names = zone({ services: { '_sip._tcp.h.example': [srv('a')] }, hosts: { a: ['192.0.2.1'] } });
    expect(shown(await resolver(names).resolve(uri('sip:h.example')))).toEqual(['tcp 192.0.2.1 5070']);
  });

  it.each(['ESERVFAIL', 'ETIMEOUT'])('%s is no answer: the call fails rather than go elsewhere', async (code) => {
    const names = zone({ hosts: { 'h.example': ['192.0.2.1'] } });
    const unsure = { ...names, srv: () => Promise.reject(Object.assign(new Error(code), { code })) };
    await expect(Promise.resolve(resolver(unsure).resolve(uri('sip:h.example')))).rejects.toMatchObject({
      code: 'dns',
    });
    expect(shown(await resolver(unsure).resolve(uri('sip:h.example:5060')))).toEqual(['udp 192.0.2.1 5060']);
  });

  it('a machine without name servers has its hosts file', async () => {
    const names = zone({ hosts: { 'h.example': ['192.0.2.1'] } });
    const srvless = { ...names, srv: () => Promise.reject(Object.assign(new Error('no'), { code: 'ECONNREFUSED' })) };
    expect(shown(await resolver(srvless).resolve(uri('sip:h.example')))).toEqual(['udp 192.0.2.1 5060']);
  });

  it('a target of `.` means that the service is not offered (RFC 2782): never the address of the name', async () => {
    const hosts = { 'h.example': ['192.0.2.1'], a: ['192.0.2.2'] };
    const none = [srv('.', 0, 0, 0)];
    const udpless = zone({ services: { '_sip._udp.h.example': none, '_sip._tcp.h.example': [srv('a')] }, hosts });
    expect(shown(await resolver(udpless).resolve(uri('sip:h.example')))).toEqual(['tcp 192.0.2.2 5070']);
    for (const target of ['.', '']) {
      const nothing = zone({ services: { '_sip._udp.h.example': [srv(target, 0, 0, 0)] }, hosts });
      await expect(Promise.resolve(resolver(nothing).resolve(uri('sip:h.example')))).rejects.toMatchObject({
        code: 'dns',
      });
    }
  });

  it('asks once for many calls, and remembers: the second answer comes at once', async () => {
    const asked: string[] = [];
    const some = resolver(zone({ hosts: { pbx: ['192.0.2.1'] } }, asked));
    await Promise.all([some.resolve(uri('sip:pbx')), some.resolve(uri('sip:pbx'))]);
    expect(some.resolve(uri('sip:a@pbx'))).toBeInstanceOf(Array);
    expect(asked).toEqual(['A pbx']);
  });

  it('rejects with dns what is not found, and does not ask again at once', async () => {
    const asked: string[] = [];
    const some = resolver(zone({}, asked));
    for (let time = 0; time < 2; time++) {
      await expect(Promise.resolve(some.resolve(uri('sip:no')))).rejects.toMatchObject({
        name: 'TransportError',
        code: 'dns',
      });
    }
    expect(asked).toEqual(['A no']);
  });

  it('rejects a transport it does not know', async () => {
    await expect(
      Promise.resolve(resolver(zone({})).resolve(uri('sip:192.0.2.1;transport=sctp'))),
    ).rejects.toMatchObject({
      code: 'no-transport',
    });
  });

  it(`gives ${MAX_DESTINATIONS} addresses at most`, async () => {
    const many = Array.from({ length: 100 }, (_, index) => `192.0.2.${index}`);
    expect(await resolver(zone({ hosts: { pbx: many } })).resolve(uri('sip:pbx'))).toHaveLength(MAX_DESTINATIONS);
  });

  it('of many services it asks for the best, in whatever order they come (RFC 2782)', async () => {
    const hosts = Object.fromEntries(Array.from({ length: 30 }, (_, index) => [`h${index}`, [`192.0.2.${index}`]]));
    const services = { '_sip._udp.a.example': Object.keys(hosts).map((name, index) => srv(name, 30 - index)) };
    const found = await resolver(zone({ hosts, services })).resolve(uri('sip:a.example'));
    expect(shown(found).slice(0, 2)).toEqual(['udp 192.0.2.29 5070', 'udp 192.0.2.28 5070']);
  });

  it('the system knows localhost', async () => {
    const found = await createResolver({ random: () => 0 }).resolve(uri('sip:localhost:5060'));
    expect(shown(found)).toContain('udp 127.0.0.1 5060');
  });
});

describe('destinationOfVia (RFC 3261 18.2.2, RFC 3581 4)', () => {
  it.each([
    ['SIP/2.0/UDP 192.0.2.1', 'udp 192.0.2.1 5060'],
    ['SIP/2.0/UDP h;received=192.0.2.1;rport=1024', 'udp 192.0.2.1 1024'],
    ['SIP/2.0/UDP h:5080;received=192.0.2.1;rport', 'udp 192.0.2.1 5080'],
    ['SIP/2.0/TCP h:5080;received=192.0.2.1;rport=1024', 'tcp 192.0.2.1 5080'],
    ['SIP/2.0/TLS [::1]', 'tls ::1 5061'],
    ['SIP/2.0/UDP 192.0.2.1;maddr=203.0.113.66', 'udp 192.0.2.1 5060'],
    ['SIP/2.0/UDP h', null],
    ['SIP/2.0/SCTP 192.0.2.1', null],
    ['SIP/2.0/UDP 192.0.2.1:0', null],
  ])('%s: %s', (via, expected) => {
    const destination = destinationOfVia(parseVia(via)!);
    expect(destination === null ? null : shown([destination])[0]).toBe(expected);
  });
});
