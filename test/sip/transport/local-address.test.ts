import { BlockList } from 'node:net';
import { describe, expect, it } from 'vitest';
import {
  chooseBound,
  isLoopback,
  reachableAddress,
  sourceOf,
  type OwnAddresses,
} from '../../../src/sip/transport/local-address.ts';
import type { BoundAddress } from '../../../src/sip/index.ts';

function own(address: string, bits: number, internal = false): OwnAddresses[number] {
  const network = new BlockList();
  network.addSubnet(address, bits, address.includes(':') ? 'ipv6' : 'ipv4');
  return { address, internal, network, prefixBits: bits };
}

const MACHINE = [
  own('127.0.0.1', 8, true),
  own('192.0.2.10', 24),
  own('10.1.0.5', 16),
  own('::1', 128, true),
  own('2001:db8::5', 64),
];

describe('the address a peer can answer to', () => {
  it.each([
    ['0.0.0.0', null, '192.0.2.10'],
    ['0.0.0.0', '198.51.100.1', '192.0.2.10'],
    ['0.0.0.0', '10.1.9.9', '10.1.0.5'],
    ['0.0.0.0', '127.0.0.7', '127.0.0.1'],
    ['::', null, '2001:db8::5'],
    ['::', '::1', '::1'],
    ['10.1.0.5', '127.0.0.1', '10.1.0.5'],
  ])('bound to %s, towards %s: %s', (bound, remote, expected) => {
    expect(reachableAddress(bound, remote, MACHINE)).toBe(expected);
  });

  it('is the loopback address where there is no other', () => {
    expect(reachableAddress('0.0.0.0', '198.51.100.1', MACHINE.slice(0, 1))).toBe('127.0.0.1');
    expect(reachableAddress('::', null, [])).toBe('::1');
  });

  it('loopback is 127/8 and ::1, no name that begins so', () => {
    expect(['127.0.0.1', '127.9.9.9', '::1', '127.evil.example', '128.0.0.1'].map(isLoopback)).toEqual([
      true,
      true,
      true,
      false,
      false,
    ]);
  });
});

describe('the source that connections are counted for', () => {
  it.each([
    ['192.0.2.1', '192.0.2.1'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
    ['2001:db8:1:2::9', '2001:db8:1:2::/64'],
    ['2001:0DB8:1:2::9', '2001:db8:1:2::/64'],
    ['2001:db8::3:4:5:6', '2001:db8:0:0::/64'],
    ['2001:db8::', '2001:db8:0:0::/64'],
    ['::1', '0:0:0:0::/64'],
    ['fe80::1%eth0', 'fe80:0:0:0::/64'],
  ])('of %s is %s', (address, source) => {
    expect(sourceOf(address)).toBe(source);
  });
});

describe('the socket for a destination', () => {
  const bound = (protocol: 'udp' | 'tcp', address: string): BoundAddress => ({
    protocol,
    address,
    port: 5060,
    host: address,
  });
  const all = [bound('udp', '127.0.0.1'), bound('udp', '10.1.0.5'), bound('udp', '::1'), bound('tcp', '0.0.0.0')];

  it.each([
    ['udp', '127.0.0.1', '127.0.0.1'],
    ['udp', '192.0.2.1', '10.1.0.5'],
    ['udp', '::1', '::1'],
    ['tcp', '127.0.0.1', '0.0.0.0'],
    ['tcp', '::1', undefined],
    ['tls', '127.0.0.1', undefined],
  ] as const)('%s %s: %s', (protocol, address, expected) => {
    expect(chooseBound(all, { protocol, address, port: 5060 }, MACHINE)?.address).toBe(expected);
  });

  it.each([
    ['10.1.200.1', '10.1.0.5'],
    ['192.0.2.77', '192.0.2.10'],
    ['10.1.7.9', '10.1.7.5'],
    ['127.0.0.1', '127.0.0.1'],
    ['198.51.100.1', '192.0.2.10'],
  ])('of several bound addresses %s gets the one in its own network: %s', (address, expected) => {
    const machine = [...MACHINE, own('10.1.7.5', 24)];
    const several = ['127.0.0.1', '192.0.2.10', '10.1.0.5', '10.1.7.5'].map((each) => bound('udp', each));
    expect(chooseBound(several, { protocol: 'udp', address, port: 5060 }, machine)?.address).toBe(expected);
  });
});
