import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseAddress, parseUri as parsedByGateway, splitList } from '../../src/gateway/message/address.ts';
import { parseMessage, parseNameAddress, parseUri } from '../../src/sip/index.ts';

/**
 * Engine and gateway read headers each for themselves. Where one saw two elements and the other one, a Contact could be registered
 * that the engine remembers another connection for, or a Diversion be believed that nobody wrote.
 */
const PIECES = [
  ...'",;<>\\ \t=@:aZ5é'.split(''),
  '"a,b"',
  '"\\""',
  '<sip:a@b>',
  '<sip:a,b@c;d="e">',
  'sip:a@b',
  ';q=0.5',
  ';x="a,b;c"',
  '*',
];
const anything = fc.string({ unit: fc.constantFrom(...PIECES), maxLength: 24 }).map((text) => text.trim());
const LISTS = ['Contact', 'Via', 'Route', 'Record-Route', 'Path', 'Diversion', 'History-Info'];

/** The elements that the engine finds in a message that has these lines. */
function byEngine(name: string, values: readonly string[]): string[] {
  const lines = values.map((value) => `${name}: ${value}\r\n`).join('');
  const outcome = parseMessage(
    Buffer.from(
      `OPTIONS sip:a@b SIP/2.0\r\nVia: SIP/2.0/UDP h;branch=z9hG4bK1\r\nFrom: <sip:a@b>;tag=1\r\nTo: <sip:a@b>\r\nCall-ID: 1\r\nCSeq: 1 OPTIONS\r\nMax-Forwards: 70\r\n${lines}\r\n`,
      'latin1',
    ),
    'datagram',
  );
  if (!outcome.ok) throw new Error(outcome.problem);
  const own = name === 'Via' ? 1 : 0;
  return outcome.message.headers.elements(name).slice(own);
}

const uri = fc.constantFrom('sip:a@b', 'sips:1001@[2001:db8::1]:5061;transport=tls', 'sip:a,b@c?x=y', 'tel:+331;ext=2');
const name = fc.constantFrom('', 'Bob ', '"a, b" ', '"<sip:evil@x>, " ', '"\\"" ', '"" ', '"é" ');
const params = fc
  .uniqueArray(
    fc.constantFrom(';q=0.5', ';Expires=60', ' ; reason = "a, b;c=\\"d\\""', ';+sip.instance="<urn:uuid:1>"', ';lr'),
  )
  .map((each) => each.join(''));
const address = fc.tuple(name, uri, params).map(([before, inner, after]) => `${before}<${inner}>${after}`);
const bare = fc.tuple(fc.constantFrom('sip:a@b', 'sip:h:5070'), params).map((parts) => parts.join(''));

describe('engine and gateway', () => {
  it('cut a list of anything at the same commas', () => {
    fc.assert(
      fc.property(fc.constantFrom(...LISTS), anything, (header, value) => {
        let theirs: string[];
        try {
          theirs = byEngine(header, [value]);
        } catch {
          // It answers 400, and the gateway never sees it.
          return;
        }
        expect(splitList(value)).toEqual(theirs);
      }),
      { numRuns: 2_000 },
    );
  });

  it('cut what is well written between its elements, also where it stands in several lines', () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(address, bare), { minLength: 1, maxLength: 8 }), fc.nat(8), (elements, at) => {
        const lines = [elements.slice(0, at), elements.slice(at)].filter((each) => each.length > 0);
        const values = lines.map((each) => each.join(' ,, '));
        expect(byEngine('Route', values)).toEqual(elements);
        // An application gets the lines of a list as one (drachtio-protocol 2.5).
        expect(splitList(values.join(', '))).toEqual(elements);
      }),
    );
  });

  it('find the same address in an element, wherever the engine finds one', () => {
    fc.assert(
      fc.property(fc.oneof(address, bare, anything), (element) => {
        const theirs = parseNameAddress(element);
        if (theirs === null) return;
        const ours = parseAddress(element);
        expect(ours?.uri).toBe(theirs.uri);
        // For people: without what surrounds it, and with a space for a tab.
        expect(ours?.displayName ?? '').toBe(theirs.displayName?.replaceAll(/\t+/g, ' ').trim() ?? '');
        expect([...(ours?.parameters ?? [])]).toEqual([...theirs.params]);
        const uriOfTheirs = parseUri(theirs.uri);
        if (uriOfTheirs === null) return;
        const { host, port } = uriOfTheirs;
        expect(parsedByGateway(theirs.uri)).toMatchObject({ host: host.toLowerCase(), port });
      }),
      { numRuns: 2_000, examples: [['\u00e9\t=<sip:a@b>']] },
    );
  });
});
