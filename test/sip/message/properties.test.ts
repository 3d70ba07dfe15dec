import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  encodeText,
  formatNameAddress,
  formatUri,
  parseFragment,
  parseMessage,
  parseNameAddress,
  parseUri,
  parseVia,
  serialize,
  SipHeaders,
  stampTopVia,
  type SipMessage,
} from '../../../src/sip/index.ts';
import { bytesOf, requestText } from './support.ts';

const HOSTILE = ' \t\r\n"<>\\;:,=@%[]*0aSIP/2.\0\xe9'.split('');
const TOKEN = "abcXYZ019-.!%*_+`'~".split('');
const token = fc.string({ unit: fc.constantFrom(...TOKEN), minLength: 1, maxLength: 12 });
/** Any byte but line breaks, and no white space at the ends: it is trimmed. */
const value = fc
  .string({ unit: fc.integer({ min: 0, max: 255 }).map((code) => String.fromCharCode(code)), maxLength: 40 })
  .map((text) => text.replaceAll(/[\r\n]/g, '').replaceAll(/^[ \t]+|[ \t]+$/g, ''));
const folded = fc
  .array(
    value.filter((part) => part !== ''),
    { minLength: 1, maxLength: 3 },
  )
  .map((parts) => parts.join('\r\n\t'));
const field = fc.record({ name: token.map((name) => `X-${name}`), value: folded });
const host = fc.constantFrom('example.com', '192.0.2.7', '2001:db8::7', 'a-b.c');
const port = fc.option(fc.integer({ min: 0, max: 65_535 }));
const user = fc.string({ unit: 'binary', minLength: 1, maxLength: 10 }).map(encodeText);
const params = fc.uniqueArray(
  fc.tuple(
    token.map((name) => name.toLowerCase()),
    token,
  ),
  { selector: ([name]) => name, maxLength: 4 },
);

const message: fc.Arbitrary<SipMessage> = fc
  .record({
    start: fc.oneof(
      fc.record({ kind: fc.constant('request' as const), method: token }),
      fc.record({ kind: fc.constant('response' as const), status: fc.integer({ min: 100, max: 699 }), reason: value }),
    ),
    tag: token,
    sequence: fc.integer({ min: 0, max: 2_147_483_647 }),
    more: fc.array(field, { maxLength: 8 }),
    body: fc.uint8Array({ maxLength: 200 }),
  })
  .map(({ start, tag, sequence, more, body }) => {
    const headers = new SipHeaders([
      { name: 'v', value: `SIP/2.0/UDP h;branch=z9hG4bK${tag}` },
      { name: 'From', value: `<sip:a@b>;tag=${tag}` },
      { name: 'tO', value: '"B\\"ob" <sip:a@b>' },
      { name: 'Call-ID', value: `${tag}@h` },
      { name: 'CSeq', value: `${sequence} ${start.kind === 'request' ? start.method : 'INVITE'}` },
      ...more,
      { name: 'Content-Length', value: String(body.length) },
    ]);
    const rest = { headers, body: Buffer.from(body) };
    return start.kind === 'request'
      ? { kind: 'request', method: start.method, uri: 'sip:bob@example.com', ...rest }
      : { kind: 'response', status: start.status, reason: start.reason, ...rest };
  });

function plain(of: SipMessage): unknown {
  return { ...of, headers: of.headers.fields, body: of.body.toString('latin1') };
}

describe('properties', () => {
  it('what is written is read as what it was', () => {
    fc.assert(
      fc.property(message, fc.constantFrom('datagram' as const, 'stream' as const), (original, framing) => {
        const outcome = parseMessage(serialize(original), framing);
        expect(outcome.ok && plain(outcome.message)).toEqual(plain(original));
      }),
    );
  });

  it('no bytes make a reader throw', () => {
    const cut = (text: string, noise: string, at: number): string =>
      `${text.slice(0, at % text.length)}${noise}${text.slice((at * 7) % text.length)}`;
    const hostile = fc.oneof(
      fc.uint8Array({ maxLength: 400 }).map((bytes) => Buffer.from(bytes)),
      fc
        .tuple(fc.string({ unit: fc.constantFrom(...HOSTILE), maxLength: 20 }), fc.nat(999))
        .map(([noise, at]) => bytesOf(cut(requestText(), noise, at))),
    );
    fc.assert(
      fc.property(hostile, (bytes) => {
        const text = bytes.toString('latin1');
        for (const framing of ['datagram', 'stream'] as const) {
          const outcome = parseMessage(bytes, framing);
          // Whatever was taken can be sent on: nothing in it can smuggle a line.
          if (outcome.ok) serialize(outcome.message);
        }
        parseFragment(bytes);
        parseUri(text);
        parseUri(`sip:${text}`);
        parseNameAddress(text);
        parseVia(`SIP/2.0/UDP ${text}`);
      }),
      { numRuns: 2_000 },
    );
  });

  it('a URI is read as what was written', () => {
    fc.assert(
      fc.property(user, host, port, params, (user, host, port, params) => {
        const uri = { scheme: 'sip' as const, user, password: null, host, port, params: new Map(params), headers: '' };
        expect(parseUri(formatUri(uri))).toEqual(uri);
      }),
    );
  });

  it('a name-address is read as what was written, whatever the display name', () => {
    fc.assert(
      fc.property(
        value.filter((name) => name !== ''),
        params,
        (displayName, params) => {
          const address = { displayName, uri: 'sip:a@b;lr', params: new Map(params) };
          expect(parseNameAddress(formatNameAddress(address))).toEqual(address);
        },
      ),
    );
  });

  it('stamping a Via changes received and rport, and no other byte', () => {
    // What phones write as a value although it is no token: base64, for one.
    const raw = fc.string({
      unit: fc.constantFrom(...TOKEN, ...'=/+?@:&$#()[]'.split('')),
      minLength: 1,
      maxLength: 12,
    });
    const space = fc.constantFrom('', ' ', '\t', '\r\n ');
    const quoted = fc.constantFrom('"a; b"', '"\\";rport=1"', '"x,y"');
    const foreign = fc
      .tuple(space, token, space, fc.option(fc.oneof(raw, quoted)))
      .filter(([, name]) => !/^(received|rport)$/i.test(name))
      .map(([before, name, after, text]) => ({
        text: `${before};${after}${name}${text === null ? '' : `${after}=${before}${text}`}`,
        own: false,
      }));
    const own = fc
      .constantFrom(';rport', ';rport=1', '; RPORT = 1', ';received=192.0.2.66', ';Received="192.0.2.66"', ' ;received')
      .map((text) => ({ text, own: true }));
    fc.assert(
      fc.property(fc.array(fc.oneof(foreign, own), { maxLength: 6 }), fc.boolean(), (parts, more) => {
        const next = more ? ' ,SIP/2.0/UDP next ;branch=z9hG4bK==,\tSIP/2.0/UDP last' : '';
        const start = 'SIP/2.0/udp  Host.example : 5060';
        const request = parseMessage(
          bytesOf(requestText({ Via: start + parts.map(({ text }) => text).join('') + next })),
          'datagram',
        );
        if (!request.ok || request.message.kind !== 'request') throw new Error('not a request');
        stampTopVia(request.message, '192.0.2.1', 4_000);
        const kept = parts.map(({ text, own }) => (own ? '' : text)).join('');
        const stamped = request.message.headers.get('Via') ?? '';
        const blank = (text: string): string => text.replaceAll(/[ \t\r\n]+/g, '');
        expect(blank(stamped)).toBe(blank(`${start}${kept};rport=4000;received=192.0.2.1${next}`));
        if (!/\s/.test(parts.map(({ text }) => text).join(''))) {
          expect(stamped).toBe(`${start}${kept};rport=4000;received=192.0.2.1${next}`);
        }
      }),
    );
  });

  it('elements of a list come apart as they were joined', () => {
    const element = fc
      .tuple(value, params)
      .map(([displayName, params]) => formatNameAddress({ displayName, uri: 'sip:a@b', params: new Map(params) }));
    fc.assert(
      fc.property(fc.array(element, { minLength: 1, maxLength: 5 }), (elements) => {
        expect(new SipHeaders([{ name: 'm', value: elements.join(' ,\t') }]).elements('Contact')).toEqual(elements);
      }),
    );
  });
});
