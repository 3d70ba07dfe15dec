import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { answerChallenge, parseChallenges, parseCredentials } from '../../src/digest/index.ts';
import { MAX_VALUE_CHARACTERS } from '../../src/digest/credentials.ts';
import { MAX_ELEMENTS, MAX_HEADER_CHARACTERS, MAX_PARAMETERS, parseElements } from '../../src/digest/parameters.ts';

const HASH = '0'.repeat(32);
const LEAST = `username="a", realm="r", nonce="n", uri="sip:b", response="${HASH}"`;

describe('credentials', () => {
  it.each([
    ['as RFC 7616 writes them', `Digest ${LEAST}, algorithm=MD5, qop=auth, nc=00000001, cnonce="c"`],
    ['with quotes where none belong', `Digest ${LEAST}, algorithm="MD5", qop="auth", nc="00000001", cnonce="c"`],
    ['with spaces', `  DIGEST   ${LEAST} , algorithm = md5 , qop = AUTH , nc = 00000001 , cnonce = "c" `],
    ['over several lines', `Digest ${LEAST},\r\n algorithm=MD5,\r\n qop=auth, nc=00000001, cnonce="c"`],
    ['without spaces', `Digest ${LEAST},algorithm=MD5,qop=auth,nc=00000001,cnonce="c"`],
    ['with a comma too much', `Digest ,${LEAST},,algorithm=MD5,qop=auth,nc=00000001,cnonce="c",`],
    ['behind those of another scheme', `Basic eDp5eg==, Digest ${LEAST}, qop=auth, nc=00000001, cnonce="c"`],
    ['with parameters that nobody knows', `Digest ${LEAST}, x=1, y="2,3", qop=auth, nc=00000001, cnonce=c`],
  ])('%s', (_, header) => {
    expect(parseCredentials(header)).toEqual([
      {
        username: 'a',
        realm: 'r',
        nonce: 'n',
        uri: 'sip:b',
        response: HASH,
        algorithm: 'MD5',
        qop: 'auth',
        cnonce: 'c',
        nc: '00000001',
      },
    ]);
  });

  it('quotes within quotes are resolved, commas in them are no separators', () => {
    const [found] = parseCredentials(`Digest ${LEAST.replace('"a"', String.raw`"a\"b\\, c=d"`)}`);
    expect(found?.username).toBe(String.raw`a"b\, c=d`);
  });

  it('several realms in one line', () => {
    const realms = parseCredentials(`Digest ${LEAST}, Digest ${LEAST.replace('"r"', '"s"')}`).map(({ realm }) => realm);
    expect(realms).toEqual(['r', 's']);
  });

  it.each([
    ['nothing', ''],
    ['a name that is there twice', `Digest ${LEAST}, realm="s"`],
    ['a quote that never ends', `Digest ${LEAST}, cnonce="c`],
    ['no scheme', LEAST],
    ['another scheme', `Bearer ${LEAST}`],
    ['no user', `Digest ${LEAST.replace('"a"', '""')}`],
    ['no nonce', `Digest ${LEAST.replace('nonce="n", ', '')}`],
    ['a hash of another length', `Digest ${LEAST.replace(HASH, '00')}`],
    ['a hash that is none', `Digest ${LEAST.replace(HASH, 'g'.repeat(32))}`],
    ['the hash of another algorithm', `Digest ${LEAST}, algorithm=SHA-256`],
    ['a count that is none', `Digest ${LEAST}, nc=1`],
    ['a count below nothing', `Digest ${LEAST}, nc=-0000001`],
    ['too long a name', `Digest ${LEAST.replace('"a"', `"${'a'.repeat(MAX_VALUE_CHARACTERS + 1)}"`)}`],
    ['too long a header', `Digest ${LEAST}, x="${'a'.repeat(MAX_HEADER_CHARACTERS)}"`],
    ['too many parameters', `Digest ${LEAST}, ${Array.from({ length: MAX_PARAMETERS }, (_, at) => `x${at}=1`).join()}`],
  ])('%s: none', (_, header) => {
    expect(parseCredentials(header)).toEqual([]);
  });

  it('of more elements than anybody sends nothing is read', () => {
    const many = (count: number) => parseElements(Array.from({ length: count }, () => 'Digest a=b').join(', '));
    expect(many(MAX_ELEMENTS)).toHaveLength(MAX_ELEMENTS);
    expect(many(MAX_ELEMENTS + 1)).toBeNull();
  });

  it('an unknown algorithm is told as such', () => {
    expect(parseCredentials(`Digest ${LEAST}, algorithm=MD5-sess`)[0]?.algorithm).toBeNull();
  });

  it('whatever is sent, nothing is thrown', () => {
    const words = fc.constantFrom(
      'Digest',
      ' ',
      ',',
      '=',
      '"',
      '\\',
      'nonce',
      'realm="r"',
      '\r\n',
      'a',
      '%',
      '\0',
      'é',
    );
    const text = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.array(words).map((some) => some.join('')),
    );
    fc.assert(
      fc.property(text, (header) => {
        parseCredentials(header);
        parseChallenges(header);
        parseCredentials(`Digest ${header}`);
      }),
    );
  });

  it.each(['"'.repeat(8_000), 'Digest ' + 'a'.repeat(8_000), 'a '.repeat(4_000), 'Digest a="' + '\\'.repeat(8_000)])(
    'costs no more than its length (%#)',
    (header) => {
      const startedAt = performance.now();
      for (let times = 0; times < 20; times += 1) parseCredentials(header);
      expect(performance.now() - startedAt).toBeLessThan(500);
    },
  );
});

describe('the answer to a challenge', () => {
  it('is read as it was meant, whatever is in it', () => {
    const text = fc.string({
      minLength: 1,
      maxLength: 60,
      unit: fc.constantFrom('a', 'b', '"', '\\', ',', ' ', '=', ';', '<', 'é', '%'),
    });
    fc.assert(
      fc.property(text, text, text, fc.integer({ min: 1, max: 0xffff_ffff }), (username, realm, nonce, count) => {
        const challenge = { realm, nonce, algorithm: 'SHA-256', qopAuth: true, opaque: 'o"', stale: false } as const;
        const header = answerChallenge(challenge, { username, password: 'p', method: 'INVITE', uri: 'sip:x', count });
        const nc = count.toString(16).padStart(8, '0');
        expect(parseCredentials(header)).toMatchObject([
          { username, realm, nonce, uri: 'sip:x', algorithm: 'SHA-256', qop: 'auth', nc },
        ]);
      }),
    );
  });

  it('no line break gets into the header', () => {
    const challenge = {
      realm: 'a\r\nX: y',
      nonce: 'n',
      algorithm: 'MD5',
      qopAuth: false,
      opaque: null,
      stale: false,
    } as const;
    const header = answerChallenge(challenge, { username: 'u', password: 'p', method: 'M', uri: 'sip:x', count: 1 });
    expect(header).not.toMatch(/[\r\n]/);
    expect(header).not.toContain('qop');
  });
});
