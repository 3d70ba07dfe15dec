import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  MAX_BINDING_CHARACTERS,
  MAX_TO_CHARACTERS,
  register,
  type BindingLimits,
  type Registered,
} from '../../../src/gateway/phones/bindings.ts';
import type { Registration } from '../../../src/gateway/index.ts';

const NOW = Date.UTC(2026, 10, 23, 12);
const LIMITS: BindingLimits = { minExpiresMs: 60_000, maxExpiresMs: 600_000, maxContacts: 3, room: 100 };

interface Parts {
  readonly headers?: Readonly<Record<string, string>>;
  readonly cseq?: number;
  readonly callId?: string;
  readonly source?: string;
  readonly pathTrusted?: boolean;
  readonly now?: number;
  readonly limits?: Partial<BindingLimits>;
}

function send(contacts: readonly Registration[], contact: string | null, parts: Parts = {}): Registered {
  const { cseq = 1, callId = 'a', source = 'udp/192.0.2.7:5060', pathTrusted = false, now = NOW } = parts;
  const headers = {
    'call-id': callId,
    cseq: `${cseq} REGISTER`,
    ...(contact === null ? {} : { contact }),
    ...parts.headers,
  };
  return register(contacts, { aor: '1001', headers, source, pathTrusted }, now, { ...LIMITS, ...parts.limits });
}

/** What stands after a REGISTER that must have been taken. */
function taken(contacts: readonly Registration[], contact: string, parts: Parts = {}): readonly Registration[] {
  const result = send(contacts, contact, parts);
  expect(result).toMatchObject({ status: 200 });
  return result.contacts;
}

const uris = (contacts: readonly Registration[]): string[] => contacts.map(({ contact }) => contact);

describe('a REGISTER that is taken (RFC 3261 10.3)', () => {
  it('keeps its contact with where it came from, and answers with everything that stands', () => {
    const first = taken([], '<sip:alice@10.0.0.7>;expires=120;q=0.5', { headers: { 'user-agent': 'phone/1' } });
    expect(first).toEqual([
      {
        aor: '1001',
        contact: 'sip:alice@10.0.0.7',
        instance: null,
        regId: null,
        path: [],
        q: 0.5,
        callId: 'a',
        cseq: 1,
        userAgent: 'phone/1',
        source: 'udp/192.0.2.7:5060',
        expiresAt: NOW + 120_000,
      },
    ]);
    const second = send(first, 'sip:alice@10.0.0.8;expires=90', { callId: 'b', now: NOW + 30_500 });
    expect(second.headers['contact']).toBe('<sip:alice@10.0.0.7>;expires=90;q=0.5, <sip:alice@10.0.0.8>;expires=90');
    expect(second.headers['date']).toBe('Mon, 23 Nov 2026 12:00:30 GMT');
  });

  it.each([
    ['its own word', '<sip:a@b>;expires=100', { expires: '200' }, 100],
    ['the request’s', '<sip:a@b>', { expires: '200' }, 200],
    ['nobody’s: the most there is', '<sip:a@b>', {}, 600],
    ['a word that is none', '<sip:a@b>;expires=soon', { expires: '200' }, 200],
    ['too long', '<sip:a@b>;expires=4294967295', {}, 600],
  ])('holds for as long as %s', (_, contact, headers, seconds) => {
    expect(taken([], contact, { headers })[0]?.expiresAt).toBe(NOW + seconds * 1000);
  });

  it('without a Contact asks what stands, and changes nothing', () => {
    const standing = taken([], '<sip:a@b>;expires=100');
    const query = send(standing, null, { callId: 'q' });
    expect(query.contacts).toBe(standing);
    expect(query.headers['contact']).toBe('<sip:a@b>;expires=100');
    expect(send([], null).headers).not.toHaveProperty('contact');
  });

  it.each([
    ['a host in other letters', '<sip:a@b.example>', '<sip:a@B.EXAMPLE>', 1],
    ['a parameter that one leaves out', '<sip:a@b;ob>', '<sip:a@b>', 1],
    ['another parameter', '<sip:a@b;x=1>', '<sip:a@b;x=2>', 2],
    ['another user', '<sip:a@b>', '<sip:A@b>', 2],
    ['a port that is written', '<sip:a@b>', '<sip:a@b:5060>', 2],
    ['another transport', '<sip:a@b>', '<sip:a@b;transport=tcp>', 2],
    ['another scheme', '<sip:a@b>', '<sips:a@b>', 2],
  ])('is a refresh or another contact (RFC 3261 19.1.4): %s', (_, first, second, count) => {
    expect(taken(taken([], first), second, { callId: 'b' })).toHaveLength(count);
  });

  it('removes what it gives no time, and everything with * and Expires: 0', () => {
    const two = taken([], '<sip:a@b>, <sip:c@d>');
    expect(uris(taken(two, '<sip:a@b>;expires=0', { cseq: 2 }))).toEqual(['sip:c@d']);
    expect(taken(two, '*', { cseq: 2, headers: { expires: '0' } })).toEqual([]);
    expect(send([], '<sip:a@b>;expires=0')).toMatchObject({ status: 200, contacts: [] });
  });

  it('forgets what has expired', () => {
    const standing = taken([], '<sip:a@b>;expires=60');
    expect(send(standing, null, { now: NOW + 59_999 }).contacts).toHaveLength(1);
    expect(send(standing, null, { now: NOW + 60_000 }).contacts).toEqual([]);
    // Also what the order of its CSeq would forbid.
    expect(taken(standing, '<sip:a@b>', { cseq: 1, now: NOW + 60_000 })).toHaveLength(1);
  });

  it('with instance and reg-id takes the place of the same instance’s flow (RFC 5626 6)', () => {
    const instance = '+sip.instance="<urn:uuid:00000000-0000-1000-8000-AABBCCDDEEFF>"';
    const headers = { supported: 'path, outbound' };
    const first = send([], `<sip:a@b:1>;${instance};reg-id=1`, { headers });
    expect(first.headers).toMatchObject({ require: 'outbound' });
    expect(first.headers['contact']).toContain(`${instance};reg-id=1`);
    const second = taken(first.contacts, `<sip:a@b:2>;${instance};reg-id=1`, { headers, callId: 'b' });
    expect(uris(second)).toEqual(['sip:a@b:2']);
    const third = taken(second, `<sip:a@b:3>;${instance};reg-id=2`, { headers, callId: 'c' });
    expect(uris(third)).toEqual(['sip:a@b:2', 'sip:a@b:3']);
    // Without a reg-id it is a contact like others.
    expect(taken(third, `<sip:a@b:4>;${instance}`, { callId: 'd' })).toHaveLength(3);
  });

  it('of a browser keeps a host that cannot be resolved (RFC 7118 5)', () => {
    const contact = '<sip:x7k@df7jal23ls0d.invalid;transport=ws>;expires=300';
    expect(uris(taken([], contact, { source: 'tcp/192.0.2.7:50123' }))).toEqual([
      'sip:x7k@df7jal23ls0d.invalid;transport=ws',
    ]);
  });

  it('over a proxy keeps its Path, and says so (RFC 3327 5.3)', () => {
    const path = '<sip:edge.example.com;lr>, <sip:inner.example.com;lr>';
    const result = send([], '<sip:a@b>', { headers: { path, supported: 'path' }, pathTrusted: true });
    expect(result.contacts[0]?.path).toEqual(['<sip:edge.example.com;lr>', '<sip:inner.example.com;lr>']);
    expect(result.headers['path']).toBe(path);
  });
});

describe('a REGISTER that is refused changes nothing', () => {
  const long = 'x'.repeat(MAX_BINDING_CHARACTERS);
  it.each<[string, number, string | null, Parts]>([
    ['* beside another contact', 400, '*, <sip:a@b>', { headers: { expires: '0' } }],
    ['* without Expires: 0', 400, '*', {}],
    ['* with a while', 400, '*', { headers: { expires: '60' } }],
    ['a Contact that is no address', 400, 'nonsense', {}],
    ['a Contact that is no SIP address', 400, '<mailto:a@b>', {}],
    ['a Contact that is too long', 400, `<sip:${long}@b>`, {}],
    ['an instance that would end its quotes', 400, String.raw`<sip:a@b>;+sip.instance="<x>\"y"`, {}],
    ['a second Contact that is bad', 400, '<sip:new@b>, <tel:1>', {}],
    ['a Contact without a user over a connection', 400, '<sip:192.0.2.7>', { source: 'tcp/192.0.2.7:5060' }],
    [
      'an address in To that is too long',
      400,
      '<sip:new@b>',
      { headers: { to: `<sip:${'x'.repeat(MAX_TO_CHARACTERS)}@h>` } },
    ],
    ['no Call-ID', 400, '<sip:new@b>', { callId: '' }],
    ['a Call-ID that is too long', 400, '<sip:new@b>', { callId: `${long}y` }],
    ['a CSeq that is none', 400, '<sip:new@b>', { headers: { cseq: 'x REGISTER' } }],
    ['a while that is too short', 423, '<sip:new@b>;expires=59', {}],
    ['a demand that nobody meets', 420, '<sip:new@b>', { headers: { require: 'gruu' } }],
    ['a Path that the phone does not know of', 420, '<sip:new@b>', { headers: { path: '<sip:p>' }, pathTrusted: true }],
    ['a Path of a stranger', 403, '<sip:new@b>', { headers: { path: '<sip:p>', supported: 'path' } }],
    ['a Path that is no address', 400, '<sip:new@b>', { headers: { path: 'p', supported: 'path' }, pathTrusted: true }],
    [
      'outbound through a proxy without Path',
      439,
      '<sip:new@b>;+sip.instance="<urn:x>";reg-id=1',
      { headers: { via: 'SIP/2.0/UDP a, SIP/2.0/TCP b', supported: 'outbound' } },
    ],
    ['an older CSeq of the same Call-ID', 500, '<sip:new@b>, <sip:kept@b>', { callId: 'kept', cseq: 4 }],
    ['the same CSeq again', 500, '<sip:kept@b>;expires=0', { callId: 'kept', cseq: 5 }],
    ['* with an older CSeq', 500, '*', { callId: 'kept', cseq: 4, headers: { expires: '0' } }],
    ['more contacts than one may have', 403, '<sip:1@b>, <sip:2@b>, <sip:3@b>', {}],
    ['more contacts than are read', 403, Array.from({ length: 40 }, (_, n) => `<sip:${n}@b>`).join(), {}],
    ['a registrar that is full', 503, '<sip:new@b>', { limits: { room: 0 } }],
  ])('%s: %i', (_, status, contact, parts) => {
    const standing = taken([], '<sip:kept@b>', { callId: 'kept', cseq: 5 });
    const result = send(standing, contact, { cseq: 6, ...parts });
    expect({ ...result, contacts: [] }).toMatchObject({ status, why: expect.any(String) as string });
    expect(result.contacts).toBe(standing);
  });

  it('and says what would have been taken', () => {
    expect(send([], '<sip:a@b>;expires=1').headers).toEqual({ 'min-expires': '60' });
    expect(send([], '<sip:a@b>', { headers: { require: 'gruu, path' } }).headers).toEqual({ unsupported: 'gruu' });
    expect(send([], '<sip:a@b>', { limits: { room: 0 } }).headers).toHaveProperty('retry-after');
  });

  it('a full registrar, and one who has all it may have, still take refreshes and ends', () => {
    const full = { limits: { room: 0, maxContacts: 1 } };
    const standing = taken([], '<sip:a@b>;expires=100');
    expect(taken(standing, '<sip:a@b>;expires=200', { ...full, cseq: 2 })[0]?.expiresAt).toBe(NOW + 200_000);
    expect(taken(standing, '<sip:a@b>;expires=0', { ...full, cseq: 2 })).toEqual([]);
  });

  it('an hour is never too brief (RFC 3261 10.3 step 7)', () => {
    const limits = { minExpiresMs: 7_200_000, maxExpiresMs: 9_000_000 };
    expect(taken([], '<sip:a@b>;expires=3600', { limits })).toHaveLength(1);
    expect(send([], '<sip:a@b>;expires=3599', { limits }).status).toBe(423);
  });
});

describe('whatever is registered', () => {
  const one = fc.record({
    user: fc.constantFrom('a', 'b', 'c', 'd', 'e'),
    expires: fc.constantFrom(0, 60, 61, 600, 1_000),
    instance: fc.constantFrom('', ';+sip.instance="<urn:i>";reg-id=1', ';+sip.instance="<urn:i>";reg-id=2'),
  });
  const step = fc.record({
    contacts: fc.array(one, { minLength: 1, maxLength: 4 }),
    callId: fc.constantFrom('x', 'y'),
    cseq: fc.integer({ min: 1, max: 9 }),
    afterMs: fc.integer({ min: 0, max: 400_000 }),
    star: fc.boolean(),
  });
  type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;
  const sent = (standing: readonly Registration[], { contacts, callId, cseq, star }: Step, now: number): Registered => {
    const written = contacts.map(({ user, expires, instance }) => `<sip:${user}@h>;expires=${expires}${instance}`);
    return star && contacts.length === 1
      ? send(standing, '*', { callId, cseq, now, headers: { expires: '0' } })
      : send(standing, written.join(', '), { callId, cseq, now });
  };

  it('nobody has more contacts than the limit, or the same twice, or one that is over', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 12 }), (steps) => {
        let standing: readonly Registration[] = [];
        let now = NOW;
        for (const each of steps) {
          now += each.afterMs;
          const result = sent(standing, each, now);
          if (result.status === 200) {
            expect(result.contacts.length).toBeLessThanOrEqual(LIMITS.maxContacts);
            expect(new Set(uris(result.contacts)).size).toBe(result.contacts.length);
            for (const { expiresAt } of result.contacts) {
              expect(expiresAt).toBeGreaterThan(now);
              expect(expiresAt).toBeLessThanOrEqual(now + LIMITS.maxExpiresMs);
            }
          } else {
            expect(result.contacts).toBe(standing);
          }
          standing = result.contacts;
        }
      }),
    );
  });

  it('a REGISTER that comes twice is as one', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 6 }), step, (steps, last) => {
        let standing: readonly Registration[] = [];
        let now = NOW;
        for (const each of steps) standing = sent(standing, each, (now += each.afterMs)).contacts;
        const once = sent(standing, last, now).contacts;
        expect(sent(once, last, now).contacts).toEqual(once);
      }),
    );
  });
});
