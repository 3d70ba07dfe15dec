import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { answerChallenge, DigestServer, ha1, NonceCounts, Nonces, parseChallenges } from '../../src/digest/index.ts';
import { NONCE_LIFETIME_MS, NONCE_SKEW_MS } from '../../src/digest/nonce.ts';
import { MAX_NONCES } from '../../src/digest/nonce-counts.ts';

const SOURCE = '192.0.2.7';
const ALGORITHMS = ['SHA-256', 'MD5'] as const;

function world(counts = new NonceCounts()) {
  const clock = { now: 1_000_000_000_000 };
  const server = new DigestServer({ realm: 'r', key: 'k', now: () => clock.now, counts });
  const challenge = (source = SOURCE) => parseChallenges(server.challenges(source, false).join(', '));
  const shown = (
    parts: { count?: number; password?: string; username?: string; challenge?: ReturnType<typeof challenge> } = {},
  ) => {
    const { count = 1, password = 'secret', username = '1001' } = parts;
    const [first] = parts.challenge ?? challenge();
    if (first === undefined) throw new Error('no challenge');
    return answerChallenge(first, { username, password, method: 'REGISTER', uri: 'sip:r', count });
  };
  const check = (header: string, source = SOURCE, method = 'REGISTER') =>
    server.check({ method, headers: [header], source, algorithms: ALGORITHMS }, (user, algorithm) =>
      user === '1001' ? ha1(algorithm, user, 'r', 'secret') : null,
    ).kind;
  return { clock, challenge, shown, check };
}

describe('a digest server', () => {
  it('knows who has the password, by every algorithm that it offers', () => {
    const { challenge, shown, check } = world();
    const both = challenge();
    expect(both.map(({ algorithm }) => algorithm)).toEqual(['SHA-256', 'MD5']);
    for (const one of both)
      expect(check(shown({ challenge: [one], count: one.algorithm === 'MD5' ? 2 : 1 }))).toBe('right');
  });

  it.each([
    ['a wrong password', { password: 'guess' }, 'wrong'],
    ['a user who is not there', { username: '9999' }, 'wrong'],
  ])('%s: %j is %s', (_, parts, verdict) => {
    const { shown, check } = world();
    expect(check(shown(parts))).toBe(verdict);
  });

  it('another method, URI, nonce or count than was hashed is a wrong password', () => {
    const { shown, check } = world();
    const header = shown();
    expect(check(header, SOURCE, 'INVITE')).toBe('wrong');
    expect(check(header.replace('uri="sip:r"', 'uri="sip:s"'))).toBe('wrong');
    expect(check(header.replace('nc=00000001', 'nc=00000002'))).toBe('wrong');
    expect(check(header)).toBe('right');
  });

  it.each([
    ['of another realm', /realm="r"/, 'realm="s"', 'none'],
    ['without qop, as RFC 2069 had it', /, qop=auth/, '', 'none'],
    ['with auth-int', /qop=auth/, 'qop=auth-int', 'none'],
    ['without cnonce', /, cnonce="\w+"/, '', 'none'],
    ['without count', /, nc=\w+/, '', 'none'],
    ['by an algorithm that was not offered', /algorithm=SHA-256/, 'algorithm=SHA-512-256', 'none'],
    ['by an algorithm that nobody knows', /algorithm=SHA-256/, 'algorithm=ROT13', 'none'],
    ['with a nonce that is not ours', /nonce="[^"]+"/, 'nonce="0123456789"', 'stale'],
  ])('credentials %s: %s', (_, part, instead, verdict) => {
    const { shown, check } = world();
    expect(check(shown().replace(part, instead))).toBe(verdict);
  });

  it('refuses what was overheard: the count must rise', () => {
    const { challenge, shown, check } = world();
    const one = challenge();
    expect(check(shown({ challenge: one, count: 2 }))).toBe('right');
    expect(check(shown({ challenge: one, count: 2 }))).toBe('stale');
    expect(check(shown({ challenge: one, count: 1 }))).toBe('stale');
    expect(check(shown({ challenge: one, count: 3 }))).toBe('right');
    expect(check(shown({ challenge: one, count: 0xffff_ffff }))).toBe('right');
    expect(check(shown({ count: 0 }))).toBe('stale');
  });

  it('a nonce counts until it expires, for the address that was given it', () => {
    const { clock, challenge, shown, check } = world();
    const one = challenge();
    expect(check(shown({ challenge: one, count: 1 }), '192.0.2.8')).toBe('stale');
    clock.now += NONCE_LIFETIME_MS;
    expect(check(shown({ challenge: one, count: 2 }), '::ffff:192.0.2.7')).toBe('right');
    clock.now += 1;
    expect(check(shown({ challenge: one, count: 3 }))).toBe('stale');
  });
});

describe('nonces', () => {
  const nonces = new Nonces({ key: 'k', realm: 'r' });

  it('none that was changed in any place is ours', () => {
    const nonce = nonces.issue(SOURCE, 1_000);
    expect(nonces.issuedAt(nonce, SOURCE, 1_000)).toBe(1_000);
    for (let at = 0; at < nonce.length; at += 1) {
      const other = `${nonce.slice(0, at)}${nonce[at] === 'A' ? 'B' : 'A'}${nonce.slice(at + 1)}`;
      expect(nonces.issuedAt(other, SOURCE, 1_000)).toBeNull();
    }
    for (const other of [`${nonce}=`, `${nonce} `, nonce.slice(1), '', `${nonce}${nonce}`]) {
      expect(nonces.issuedAt(other, SOURCE, 1_000)).toBeNull();
    }
  });

  it('none of another key or realm is ours, and no two are the same', () => {
    const mine = nonces.issue(SOURCE, 1_000);
    expect(new Nonces({ key: 'x', realm: 'r' }).issuedAt(mine, SOURCE, 1_000)).toBeNull();
    expect(new Nonces({ key: 'k', realm: 'x' }).issuedAt(mine, SOURCE, 1_000)).toBeNull();
    expect(new Set(Array.from({ length: 100 }, () => nonces.issue(SOURCE, 1_000))).size).toBe(100);
    expect(() => new Nonces({ key: '', realm: 'r' })).toThrow('key');
  });

  it('none comes from the future, but for a clock that was set back a little', () => {
    const nonce = nonces.issue(SOURCE, 100_000);
    expect(nonces.issuedAt(nonce, SOURCE, 100_000 - NONCE_SKEW_MS)).toBe(100_000);
    expect(nonces.issuedAt(nonce, SOURCE, 100_000 - NONCE_SKEW_MS - 1)).toBeNull();
  });

  it('whatever is shown, nothing is thrown', () => {
    fc.assert(fc.property(fc.string(), fc.string(), (nonce, source) => nonces.issuedAt(nonce, source, 0) === null));
  });
});

describe('counts of nonces', () => {
  it('are bounded: the oldest go, and all that are no younger count as expired', () => {
    const counts = new NonceCounts(2);
    expect(counts.use('a', 10, 1)).toBe(true);
    expect(counts.use('b', 20, 1)).toBe(true);
    expect(counts.use('c', 30, 1)).toBe(true);
    expect(counts.size).toBe(2);
    // Forgotten: its replay must not pass, nor that of any other of its age.
    expect(counts.use('a', 10, 1)).toBe(false);
    expect(counts.use('a', 10, 2)).toBe(false);
    expect(counts.use('x', 9, 1)).toBe(false);
    expect(counts.use('b', 20, 2)).toBe(true);
    expect(counts.use('d', 11, 1)).toBe(true);
  });

  it('no use is taken twice, in whatever order they come and however few are remembered', () => {
    const use = fc.tuple(fc.integer({ min: 0, max: 9 }), fc.integer({ min: 0, max: 5 }));
    fc.assert(
      fc.property(fc.array(use), fc.integer({ min: 1, max: 12 }), (uses, max) => {
        const counts = new NonceCounts(max);
        const taken = uses.filter(([nonce, nc]) => counts.use(String(nonce), nonce, nc)).map(String);
        expect(new Set(taken).size).toBe(taken.length);
        expect(counts.size).toBeLessThanOrEqual(max);
      }),
    );
  });

  it(`of ${MAX_NONCES} nonces by default`, () => {
    const counts = new NonceCounts();
    for (let at = 0; at <= MAX_NONCES; at += 1) counts.use(String(at), at, 1);
    expect(counts.size).toBe(MAX_NONCES);
  });
});
