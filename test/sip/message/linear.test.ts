import { describe, expect, it } from 'vitest';
import {
  destinationOfVia,
  makeResponse,
  parseMessage,
  serialize,
  stampTopVia,
  topVia,
} from '../../../src/sip/index.ts';
import { Framer } from '../../../src/sip/transport/framer.ts';
import { bytesOf, requestText } from './support.ts';

/** Whole messages of about this many bytes, each of the shape that costs a careless reader the square of its size. */
const SHAPES: Record<string, (bytes: number) => string> = {
  'header fields': (bytes) => grown(bytes, (n) => Object.fromEntries(Array.from({ length: n }, (_, index) => [`X-${index}`, 'a'.repeat(250)])), 262),
  'a Via of many elements': (bytes) => grown(bytes, (n) => ({ Via: `SIP/2.0/UDP h;branch=z9hG4bKx${',SIP/2.0/UDP h'.repeat(n)}` }), 14),
  'commas in a Via': (bytes) => grown(bytes, (n) => ({ Via: `${','.repeat(n)}SIP/2.0/UDP h;branch=z9hG4bKx` }), 1),
  'parameters of a Via': (bytes) => grown(bytes, (n) => ({ Via: `SIP/2.0/UDP h;branch=z9hG4bKx${';received=1'.repeat(n)}` }), 11),
  'parameters of a From': (bytes) => grown(bytes, (n) => ({ From: `<sip:a@b>;tag=1${';p="x"'.repeat(n)}` }), 6),
  'escaped quotes': (bytes) => grown(bytes, (n) => ({ From: `"${'\\"'.repeat(n)}" <sip:a@b>;tag=1` }), 2),
  'quotes that open and close': (bytes) => grown(bytes, (n) => ({ Route: '"",'.repeat(n) }), 3),
  'angles that open': (bytes) => grown(bytes, (n) => ({ To: `${'<'.repeat(n)}sip:a@b>` }), 1),
  'blanks within a value': (bytes) => grown(bytes, (n) => ({ Subject: `a${' '.repeat(n)}b` }), 1),
  'blanks around a colon': (bytes) => grown(bytes, (n) => ({ [`X${' '.repeat(n)}`]: 'a' }), 1),
  'folded lines': (bytes) => grown(bytes, (n) => ({ From: `<sip:a@b>${'\r\n '.repeat(n)};tag=1` }), 3),
  'line feeds alone': (bytes) => grown(bytes, (n) => ({ Subject: 'a\n'.repeat(n) }), 2),
  'colons of an address': (bytes) => grown(bytes, (n) => ({ start: `OPTIONS sip:[${':::1'.repeat(n)}] SIP/2.0`, CSeq: '1 OPTIONS' }), 4),
  'escapes of a user': (bytes) => grown(bytes, (n) => ({ start: `INVITE sip:${'%41'.repeat(n)}@h SIP/2.0` }), 3),
  'parameters of a Request-URI': (bytes) => grown(bytes, (n) => ({ start: `INVITE sip:h${';p=1'.repeat(n)} SIP/2.0` }), 4),
  'digits of a number': (bytes) => grown(bytes, (n) => ({ CSeq: `${'0'.repeat(n)}1 INVITE` }), 1),
}; // prettier-ignore

function grown(bytes: number, changes: (n: number) => Record<string, string>, each: number): string {
  return requestText(changes(Math.floor((bytes - 500) / each)));
}

/** All that is done to a request before somebody looks at what it wants. */
function handle(bytes: Buffer): void {
  const outcome = parseMessage(bytes, 'datagram');
  if (!outcome.ok || outcome.message.kind !== 'request') return;
  const { message } = outcome;
  stampTopVia(message, '192.0.2.1', 5_060);
  const via = topVia(message);
  if (via !== null) destinationOfVia(via);
  for (const name of ['Via', 'Route', 'Contact', 'Supported']) message.headers.elements(name);
  serialize(message);
  serialize(makeResponse(message, 200, 'OK', { toTag: 'x' }));
}

function cut(bytes: Buffer): void {
  const framer = new Framer();
  for (let at = 0; at < bytes.length; at += 16) framer.push(bytes.subarray(at, at + 16));
}

/** The shortest of many: what else the machine does only ever makes it longer. */
function shortestMs(action: () => void): number {
  let shortest = Infinity;
  for (let round = 0; round < 25; round += 1) {
    const startMs = performance.now();
    action();
    shortest = Math.min(shortest, performance.now() - startMs);
  }
  return shortest;
}

const SMALL_BYTES = 4_000;
const TIMES = 16;
/** Reading in proportion to the size would make it 16, by its square 256. What takes no time worth measuring is no matter. */
const MOST = 80;
const LEAST_MS = 0.02;

describe('a message of 64,000 bytes takes not much more than sixteen of 4,000', () => {
  it.each(Object.entries(SHAPES))('%s', (_name, shape) => {
    const [small, large] = [bytesOf(shape(SMALL_BYTES)), bytesOf(shape(SMALL_BYTES * TIMES))];
    expect(large.length).toBeGreaterThan(10 * small.length);
    expect(large.length).toBeLessThan(65_536);
    for (const action of [handle, cut]) {
      const smallMs = Math.max(
        LEAST_MS,
        shortestMs(() => action(small)),
      );
      expect(shortestMs(() => action(large)) / smallMs, action.name).toBeLessThan(MOST);
    }
  });
});
