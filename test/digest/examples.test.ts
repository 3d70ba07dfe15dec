import { describe, expect, it } from 'vitest';
import { answerChallenge, digestResponse, ha1, parseChallenges } from '../../src/digest/index.ts';

/** RFC 7616 3.9.1: both of its challenges, answered for GET /dir/index.html. */
const REALM = 'http-auth@example.org';
const NONCE = '7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v';
const CNONCE = 'f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ';

const ANSWERS = [
  ['MD5', '8ca523f5e9506fed4657c9700eebdbec'],
  ['SHA-256', '753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1'],
] as const;

describe('RFC 7616 3.9.1', () => {
  it.each(ANSWERS)('%s: the response of its example', (algorithm, expected) => {
    const secret = ha1(algorithm, 'Mufasa', REALM, 'Circle of Life');
    const parts = { method: 'GET', uri: '/dir/index.html', nonce: NONCE, count: { nc: '00000001', cnonce: CNONCE } };
    expect(digestResponse(algorithm, secret, parts)).toBe(expected);
  });

  it('the two challenges are read, also from one line, and each is answered as in the example', () => {
    const header = ['SHA-256', 'MD5']
      .map(
        (algorithm) =>
          `Digest realm="${REALM}", qop="auth, auth-int", algorithm=${algorithm}, nonce="${NONCE}", opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"`,
      )
      .join(', ');
    const challenges = parseChallenges(header);
    expect(challenges.map(({ algorithm }) => algorithm)).toEqual(['SHA-256', 'MD5']);
    for (const challenge of challenges) {
      const answer = answerChallenge(challenge, {
        username: 'Mufasa',
        password: 'Circle of Life',
        method: 'GET',
        uri: '/dir/index.html',
        count: 1,
        cnonce: CNONCE,
      });
      const expected = new Map<string, string>(ANSWERS).get(challenge.algorithm);
      expect(answer).toContain(`response="${expected}"`);
      expect(answer).toContain('nc=00000001');
      expect(answer).toContain('opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"');
    }
  });
});

describe('RFC 7616 3.9.2', () => {
  it('a user name outside ASCII is hashed as UTF-8, with SHA-512/256', () => {
    const secret = ha1('SHA-512-256', 'Jäsøn Doe', 'api@example.org', 'Secret, or not?');
    const parts = {
      method: 'GET',
      uri: '/doe.json',
      nonce: '5TsQWLVdgBdmrQ0XsxbDODV+57QdFR34I9HAbC/RVvkK',
      count: { nc: '00000001', cnonce: 'NTg6RKcb9boFIAS3KrFK9BGeh+niz/sm' },
    };
    expect(digestResponse('SHA-512-256', secret, parts)).toMatch(/^[0-9a-f]{64}$/);
  });
});
