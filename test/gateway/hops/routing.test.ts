import { describe, expect, it } from 'vitest';
import { createHopPeers } from '../../../src/gateway/hops/hop-peers.ts';
import { createPeerTable } from '../../../src/gateway/access/peers.ts';
import { createRouter, dial, placeOf } from '../../../src/gateway/hops/routing.ts';
import { LOCAL_PEER } from '../support.ts';

describe('dial', () => {
  it.each([
    ['sip:pbx:5090', 'sip:1001@gw', 'sip:1001@pbx:5090'],
    ['sip:pbx;transport=tcp', 'sip:1001@gw:5070;transport=udp', 'sip:1001@pbx;transport=tcp'],
    ['sip:[::1]:5090', 'sip:%2B331@gw', 'sip:%2B331@[::1]:5090'],
    ['sips:pbx', 'sip:+331;ext=2@gw;user=phone', 'sips:+331;ext=2@pbx;user=phone'],
    ['sip:pbx', 'tel:+33-1', 'sip:+33-1@pbx;user=phone'],
    ['sip:fixed@pbx;transport=tcp', 'sip:1001@gw', 'sip:fixed@pbx;transport=tcp'],
    ['sip:pbx', 'sip:gw', null],
    ['nonsense', 'sip:1@gw', null],
  ])('%s for %s is %s', (hop, called, uri) => {
    expect(dial({ uri: hop }, called)).toBe(uri);
  });

  it('puts the prefix before the number', () => {
    expect(dial({ uri: 'sip:pbx', prefix: '9' }, 'sip:1001@gw')).toBe('sip:91001@pbx');
  });
});

describe('routes', () => {
  const nextHop = [{ uri: 'sip:default' }];
  const route = createRouter({
    nextHop,
    ringTimeoutMs: 1,
    routes: [
      { from: 'pbx', to: '^0', nextHop: [{ uri: 'sip:out' }] },
      { to: '^1', nextHop: [{ uri: 'sip:in' }] },
      { from: 'carrier', nextHop: [{ uri: 'sip:all' }] },
    ],
  });

  it.each([
    ['pbx', '0142', 'sip:out'],
    ['carrier', '0142', 'sip:all'],
    ['carrier', '1001', 'sip:in'],
    ['pbx', '2', 'sip:default'],
    ['pbx', null, 'sip:default'],
  ])('from %s to %s: %s', (peer, number, uri) => {
    expect(route({ peer, number })[0]?.uri).toBe(uri);
  });

  it('names the route that cannot be read', () => {
    const broken = { nextHop, ringTimeoutMs: 1, routes: [{ to: '(', nextHop }] };
    expect(() => createRouter(broken)).toThrow(/routes\[0\]\.to/);
  });
});

describe('placeOf', () => {
  it('is the number, whatever name of ours stands behind it', () => {
    expect(placeOf('sip:1001@gw')).toBe(placeOf('sip:1001@192.0.2.1:5070;transport=tcp'));
    expect(placeOf('sip:gw:5060')).toBe('gw:5060');
    expect(placeOf('urn:service:sos')).toBe('urn:service:sos');
  });
});

describe('peers', () => {
  const peers = createPeerTable([
    { ...LOCAL_PEER, name: 'a', allow: ['10.0.0.0/8', '192.0.2.7'] },
    { ...LOCAL_PEER, name: 'b', allow: ['2001:db8::/32', '::ffff:172.16.0.0/108'] },
  ]);

  it.each([
    ['10.1.2.3', 'a'],
    ['::ffff:10.1.2.3', 'a'],
    ['192.0.2.7', 'a'],
    ['192.0.2.8', undefined],
    ['[2001:db8::5]', 'b'],
    ['2001:db9::5', undefined],
    ['172.16.9.9', 'b'],
    ['', undefined],
    ['not an address', undefined],
    [undefined, undefined],
  ])('%s is %s', (address, name) => {
    expect(peers.find(address)?.name).toBe(name);
  });

  it('are found at a next hop by its address, or by a name whose addresses are all theirs', async () => {
    const addresses: Record<string, string[]> = {
      'pbx.example': ['10.0.0.1', '10.0.0.2'],
      'mixed.example': ['10.0.0.1', '203.0.113.1'],
      'carrier.example': ['203.0.113.1'],
    };
    const uris = ['sip:10.0.0.1', ...Object.keys(addresses).map((name) => `sip:${name};transport=tcp`), 'sip:gone'];
    const hops = createHopPeers(uris, peers, async (host) => {
      const found = addresses[host];
      if (found === undefined) throw new Error('ENOTFOUND');
      return found;
    });
    expect(hops.at('sip:pbx.example')).toBeNull();
    await hops.start();
    expect(hops.at('sip:1001@10.0.0.1:5060;transport=tcp')?.name).toBe('a');
    expect(hops.at('sip:[2001:db8::1]')?.name).toBe('b');
    expect(hops.at('sip:1001@PBX.example:5070')?.name).toBe('a');
    expect(hops.at('sip:mixed.example')).toBeNull();
    expect(hops.at('sip:carrier.example')).toBeNull();
    expect(hops.at('sip:gone')).toBeNull();
    hops.stop();
  });

  it('whose allow list cannot be read are named with the remedy', () => {
    expect(() => createPeerTable([{ ...LOCAL_PEER, allow: ['10.0.0.0/40'] }])).toThrow(
      /'10\.0\.0\.0\/40'.*'pbx'.*write/,
    );
  });
});
