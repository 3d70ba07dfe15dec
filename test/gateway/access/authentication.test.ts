import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { answerChallenge, ha1, parseChallenges, type DigestAlgorithm } from '../../../src/digest/index.ts';
import { createAuthentication, type Authenticated } from '../../../src/gateway/access/authentication.ts';
import {
  FAILURE_FORGIVEN_MS,
  Guesses,
  MAX_FAILURES,
  MAX_WATCHED_SOURCES,
} from '../../../src/gateway/access/guesses.ts';
import { LOCAL_PEER } from '../support.ts';

const REALM = 'example.com';
const SOURCE = '192.0.2.7';
const account = (username: string, number = username) => ({
  username,
  number,
  ha1: { md5: ha1('MD5', username, REALM, 'secret'), sha256: ha1('SHA-256', username, REALM, 'secret') },
});

function world({ algorithms }: { algorithms?: readonly DigestAlgorithm[] } = {}) {
  const clock = { now: 1_000_000_000_000 };
  const accounts = [account('1001'), account('alice', '1002')];
  const trunk = { ...LOCAL_PEER, name: 'trunk', allow: [], digest: { username: 'trunk', password: 'secret' } };
  const authentication = createAuthentication({
    settings: { realm: REALM, nonceKey: 'k' },
    phones: {
      find: (name) => accounts.find(({ username }) => username === name),
      ...(algorithms === undefined ? {} : { algorithms }),
    },
    peers: [LOCAL_PEER, trunk],
    now: () => clock.now,
  });
  const bare = {
    method: 'INVITE',
    uri: 'sip:1001@example.com',
    headers: { to: '<sip:1001@example.com>' },
    sourceAddress: SOURCE,
  };
  const ask = (kind: 'www' | 'proxy' = 'www', source = SOURCE) =>
    authentication.check({ ...bare, sourceAddress: source }, kind);
  const sign = (
    parts: {
      username?: string;
      password?: string;
      uri?: string;
      name?: string;
      method?: string;
      to?: string;
      source?: string;
    } = {},
  ): Authenticated => {
    const {
      username = '1001',
      password = 'secret',
      uri = bare.uri,
      name = 'Authorization',
      method = 'INVITE',
      source = SOURCE,
    } = parts;
    const asked = ask('www', source);
    const [challenge] = asked.kind === 'challenge' ? parseChallenges(asked.headers['www-authenticate'] ?? '') : [];
    if (challenge === undefined) throw new Error('there is no challenge');
    const value = answerChallenge(challenge, { username, password, method, uri, count: 1 });
    const headers = { to: parts.to ?? bare.headers.to, [name]: value };
    return authentication.check({ ...bare, method, headers, sourceAddress: source }, 'www');
  };
  return { clock, authentication, bare, ask, sign, trunk, accounts };
}

describe('who a request is from', () => {
  it('nobody that is known yet: a challenge for each algorithm, 401 or 407', () => {
    const { ask } = world();
    const www = ask();
    expect(www).toMatchObject({ kind: 'challenge', status: 401 });
    if (www.kind === 'challenge') {
      const asked = parseChallenges(www.headers['www-authenticate'] ?? '');
      expect(asked.map(({ algorithm }) => algorithm)).toEqual(['SHA-256', 'MD5']);
    }
    expect(ask('proxy')).toMatchObject({
      status: 407,
      headers: { 'proxy-authenticate': expect.stringContaining('realm="example.com"') as string },
    });
  });

  it('what every phone can answer is asked for, nothing else', () => {
    const asked = world({ algorithms: ['MD5'] }).ask();
    expect(asked.kind === 'challenge' && asked.headers['www-authenticate']).toMatch(/^(?!.*SHA).*algorithm=MD5$/);
  });

  it.each([['Authorization'], ['Proxy-Authorization'], ['authorization']])('a phone, by its %s', (name) => {
    const { sign, accounts } = world();
    expect(sign({ name })).toEqual({ kind: 'phone', account: accounts[0] });
  });

  it('a peer, from wherever it calls', () => {
    const { sign, trunk } = world();
    expect(sign({ username: 'trunk', source: '198.51.100.1' })).toEqual({ kind: 'peer', peer: trunk });
  });

  it('a user who is not there and a wrong password get the same answer', () => {
    const { sign } = world();
    const answers = [{ username: 'nobody' }, { password: 'guess' }, { username: 'trunk', password: 'guess' }].map(sign);
    for (const answer of answers) {
      expect(answer).toMatchObject({ kind: 'refused', status: 403, headers: {} });
    }
  });

  it.each([
    ['sip:1001@example.com', 'phone'],
    ['sip:1001@EXAMPLE.com;transport=udp', 'phone'],
    ['sips:1001@example.com:5061', 'phone'],
    ['sip:1002@example.com', 'refused'],
    ['sip:1001@evil.example', 'refused'],
    ['sip:example.com', 'refused'],
    ['x', 'refused'],
  ])('a digest for %s is that of a %s', (uri, kind) => {
    const answer = world().sign({ uri });
    expect(answer.kind).toBe(kind);
    if (answer.kind === 'refused') expect(answer.status).toBe(400);
  });

  it.each([
    ['its own number', { username: 'alice', to: '"A" <sip:1002@example.com>' }, 'phone'],
    ['its user name, which is nobody’s number', { username: 'alice', to: '<sip:alice@example.com>' }, 'refused'],
    ['somebody else’s number', { username: 'alice', to: '<sip:1001@example.com>' }, 'refused'],
    ['nothing', { username: 'alice', to: '' }, 'refused'],
    ['a number, as a peer', { username: 'trunk', to: '<sip:1001@example.com>' }, 'refused'],
  ])('REGISTER for %s', (_, parts, kind) => {
    const answer = world().sign({ ...parts, method: 'REGISTER' });
    expect(answer.kind).toBe(kind);
    if (answer.kind === 'refused') expect(answer.status).toBe(403);
  });

  it('a replay is asked anew, with stale', () => {
    const { authentication, bare, ask } = world();
    const asked = ask();
    const [challenge] = asked.kind === 'challenge' ? parseChallenges(asked.headers['www-authenticate'] ?? '') : [];
    if (challenge === undefined) throw new Error('there is no challenge');
    const said = { username: '1001', password: 'secret', method: 'INVITE', uri: bare.uri, count: 1 };
    const request = { ...bare, headers: { authorization: answerChallenge(challenge, said) } };
    expect(authentication.check(request, 'www').kind).toBe('phone');
    const replayed = authentication.check(request, 'www');
    expect(replayed.kind === 'challenge' && replayed.headers['www-authenticate']).toContain('stale=TRUE');
  });

  it('whatever is shown, nothing is thrown and nobody is let in', () => {
    const { authentication, bare } = world();
    const text = fc.string({ unit: 'binary' });
    fc.assert(
      fc.property(text, text, text, (value, uri, method) => {
        const headers = { authorization: `Digest realm="${REALM}", ${value}`, 'proxy-authorization': value, to: value };
        const { kind } = authentication.check({ ...bare, method, uri, headers }, 'www');
        expect(['challenge', 'refused']).toContain(kind);
      }),
    );
  });
});

describe('who guesses passwords', () => {
  it(`is not looked at after ${MAX_FAILURES} failures, though right; others are, and it again after some time`, () => {
    const { clock, sign } = world();
    for (let tried = 0; tried < MAX_FAILURES; tried += 1) {
      expect(sign({ password: `guess ${tried}`, username: String(tried) })).toMatchObject({ status: 403 });
    }
    expect(sign()).toMatchObject({
      kind: 'refused',
      status: 503,
      headers: { 'retry-after': expect.any(String) as string },
    });
    expect(sign({ source: '192.0.2.8' }).kind).toBe('phone');
    clock.now += FAILURE_FORGIVEN_MS;
    expect(sign().kind).toBe('phone');
    expect(sign({ password: 'guess' })).toMatchObject({ status: 403 });
    expect(sign()).toMatchObject({ status: 503 });
  });

  it('a replay, an expired nonce or no credentials are no failures', () => {
    const { ask, sign } = world();
    for (let tried = 0; tried <= MAX_FAILURES; tried += 1) ask();
    expect(sign().kind).toBe('phone');
  });

  it(`is remembered by source, ${MAX_WATCHED_SOURCES} of them`, () => {
    const guesses = new Guesses(() => 0);
    for (let at = 0; at <= MAX_WATCHED_SOURCES; at += 1)
      guesses.failed(`10.${at >> 16}.${(at >> 8) & 255}.${at & 255}`);
    expect(guesses.size).toBe(MAX_WATCHED_SOURCES);
  });

  it.each([
    ['2001:db8:1:2::1', '2001:db8:1:2:ffff::9', true],
    ['[2001:db8::1]', '2001:db8::2', true],
    ['2001:db8:1:2::1', '2001:db8:1:3::1', false],
    ['::ffff:192.0.2.1', '192.0.2.1', true],
    ['192.0.2.1', '192.0.2.2', false],
  ])('%s and %s are one source: %s', (one, other, same) => {
    const guesses = new Guesses(() => 0);
    for (let tried = 0; tried < MAX_FAILURES; tried += 1) guesses.failed(one);
    expect(guesses.isLockedOut(other)).toBe(same);
  });
});
