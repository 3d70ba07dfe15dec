import type { Random } from './random.ts';

/** Ways in which a message goes wrong: in one place, in several, by an attacker's hand or by a broken sender. */

type Mutation = (bytes: Buffer, random: Random, others: readonly Buffer[]) => Buffer;

const NUMBERS = [
  '0', '-1', '+1', '1.5', '00000000000000000000', '255', '256', '65535', '65536', '2147483647', '2147483648', '4294967295',
  '4294967296', '9007199254740993', '1000000000000000', '36893488147419103232', '1e9', '0x10', 'NaN', '٣', '', ' ', '9'.repeat(400),
]; // prettier-ignore

const PIECES = [
  '"', '\\', '\\"', '<', '>', '<>', ';', ';;', ',', ',,', '=', ':', '@', '%', '%00', '%0d%0a', '%zz', '(', ')', '()', '[', ']', '{', '|',
  '\0', '\r', '\n', '\r\n', '\r\n ', '\r\n\t', '\r\n\r\n', '\t', '\x7f', '\x80', '\xff', '\xc0\x80', '\xed\xa0\x80', '\xe2\x80\xa8',
  '\xef\xbb\xbf', '\xf4\x90\x80\x80', 'SIP/2.0', 'SIP/2.0 200 OK\r\n', 'sip:', 'sips:', 'tel:+33140001001', 'urn:x:y', '*', '[::1]',
  '[2001:db8:::192.0.2.1]', '[', '127.0.0.1:99999', 'z9hG4bK', ';branch=', ';branch=z9hG4bK', ';tag=', ';tag=x', ';rport', ';rport=1',
  ';received=', ';maddr=127.0.0.1', ';ttl=1', ';lr', ';transport=tcp', ';transport=ws', '__proto__', 'constructor', 'hasOwnProperty',
  '#', '${x}', '<script>', 'Content-Length: 10\r\n', 'Content-Length: -1\r\n', 'l: 5\r\n', 'Via: ,\r\n', 'v: SIP/2.0/TCP 127.0.0.1\r\n',
  'Record-Route: <sip:127.0.0.1;lr>\r\n', 'Route: <sip:127.0.0.1;lr>\r\n', 'Require: 100rel\r\n', 'RSeq: 1\r\n', 'Replaces: a;b;c\r\n',
  'Contact: *\r\n', 'Expires: 0\r\n', 'Max-Forwards: 0\r\n', 'Session-Expires: 1\r\n', '%43ontact: <sip:x>\r\n', '__proto__: x\r\n',
]; // prettier-ignore

/** Those of them that are header fields of their own. */
const HEADERS = PIECES.filter((piece) => /^[^ ].*: .*\r\n$/.test(piece));

const METHODS = [
  'INVITE', 'ACK', 'BYE', 'CANCEL', 'OPTIONS', 'REGISTER', 'PRACK', 'UPDATE', 'REFER', 'SUBSCRIBE', 'NOTIFY', 'INFO', 'MESSAGE', 'PUBLISH',
  'invite', 'FOO', '*', '__proto__', 'constructor',
]; // prettier-ignore

/** Most lengths are small, some are larger than any limit. */
function length(random: Random, limit: number): number {
  const most = random.chance(0.02) ? limit : random.chance(0.2) ? Math.min(limit, 2_000) : Math.min(limit, 40);
  return 1 + random.below(Math.max(1, most));
}

function span(bytes: Buffer, random: Random): [number, number] {
  const start = random.below(bytes.length + 1);
  return [start, Math.min(bytes.length, start + length(random, bytes.length))];
}

function inserted(bytes: Buffer, at: number, piece: Buffer | string): Buffer {
  return Buffer.concat([
    bytes.subarray(0, at),
    typeof piece === 'string' ? Buffer.from(piece, 'latin1') : piece,
    bytes.subarray(at),
  ]);
}

/** The header lines, folding and all, as places in the message. */
function lines(bytes: Buffer): [number, number][] {
  const found: [number, number][] = [];
  const blank = bytes.indexOf('\r\n\r\n');
  const end = blank < 0 ? bytes.length : blank + 2;
  let start = bytes.indexOf('\r\n') + 2;
  while (start >= 2 && start < end) {
    let stop = bytes.indexOf('\r\n', start);
    while (stop >= 0 && (bytes[stop + 2] === 0x20 || bytes[stop + 2] === 0x09)) stop = bytes.indexOf('\r\n', stop + 2);
    if (stop < 0) break;
    found.push([start, stop + 2]);
    start = stop + 2;
  }
  return found;
}

/** Does something to one header line. */
function onLine(
  change: (bytes: Buffer, start: number, end: number, random: Random, others: readonly Buffer[]) => Buffer,
): Mutation {
  return (bytes, random, others) => {
    const all = lines(bytes);
    if (all.length === 0) return bytes;
    const [start, end] = random.pick(all);
    return change(bytes, start, end, random, others);
  };
}

const MUTATIONS: Readonly<Record<string, Mutation>> = {
  flip(bytes, random) {
    const copy = Buffer.from(bytes);
    for (let left = 1 + random.below(8); left > 0 && copy.length > 0; left -= 1) {
      const at = random.below(copy.length);
      copy[at] = random.chance(0.5) ? random.below(256) : (copy[at] ?? 0) ^ (1 << random.below(8));
    }
    return copy;
  },
  remove(bytes, random) {
    const [start, end] = span(bytes, random);
    return Buffer.concat([bytes.subarray(0, start), bytes.subarray(end)]);
  },
  duplicate(bytes, random) {
    const [start, end] = span(bytes, random);
    return inserted(bytes, random.below(bytes.length + 1), bytes.subarray(start, end));
  },
  splice(bytes, random, others) {
    const other = random.pick(others);
    return Buffer.concat([bytes.subarray(0, random.below(bytes.length + 1)), other.subarray(random.below(other.length + 1))]);
  },
  join: (bytes, random, others) => Buffer.concat([bytes, random.pick(others)]),
  truncate: (bytes, random) => bytes.subarray(0, random.below(bytes.length + 1)),
  piece: (bytes, random) => inserted(bytes, random.below(bytes.length + 1), random.pick(PIECES)),
  pieces: (bytes, random) => inserted(bytes, random.below(bytes.length + 1), random.pick(PIECES).repeat(length(random, 9_000))),
  long: onLine((bytes, start, end, random) =>
    inserted(bytes, start + random.below(end - start - 1), String.fromCharCode(random.below(256)).repeat(length(random, 70_000))),
  ),
  headerPiece: onLine((bytes, start, end, random) => inserted(bytes, start + random.below(end - start - 1), random.pick(PIECES))),
  newHeader: onLine((bytes, start, _end, random) => inserted(bytes, start, random.pick(HEADERS))),
  repeatHeader: onLine((bytes, start, end, random) => {
    const copies = random.chance(0.1) ? 300 : 1 + random.below(4);
    return inserted(bytes, end, Buffer.concat(Array.from({ length: copies }, () => bytes.subarray(start, end))));
  }),
  removeHeader: onLine((bytes, start, end) => Buffer.concat([bytes.subarray(0, start), bytes.subarray(end)])),
  foreignHeader: onLine((bytes, start, _end, random, others) => {
    const other = random.pick(others);
    const theirs = lines(other);
    if (theirs.length === 0) return bytes;
    const [from, to] = random.pick(theirs);
    return inserted(bytes, start, other.subarray(from, to));
  }),
  number(bytes, random) {
    const text = bytes.toString('latin1');
    const numbers = [...text.matchAll(/\d+/g)];
    if (numbers.length === 0) return bytes;
    const { index, 0: digits } = random.pick(numbers);
    return Buffer.from(text.slice(0, index) + random.pick(NUMBERS) + text.slice(index + digits.length), 'latin1');
  },
  method(bytes, random) {
    const method = random.pick(METHODS);
    const text = bytes.toString('latin1').replace(/^[A-Za-z]+(?= )/, method);
    return Buffer.from(random.chance(0.9) ? text.replace(/^(CSeq\s*:\s*\d+\s+)\S+/im, `$1${method}`) : text, 'latin1');
  },
  lineEnds(bytes, random) {
    const text = bytes.toString('latin1');
    return Buffer.from(random.chance(0.5) ? text.replaceAll('\r\n', random.pick(['\n', '\r', '\r\r\n'])) : text.replace('\r\n', '\n'), 'latin1');
  },
  escape(bytes, random) {
    const at = random.below(bytes.length + 1);
    const hex = (bytes[at] ?? 0).toString(16).padStart(2, '0');
    return Buffer.concat([bytes.subarray(0, at), Buffer.from(`%${hex}`), bytes.subarray(at + 1)]);
  },
  nest(bytes, random) {
    const [open, close] = random.pick([['(', ')'], ['<', '>'], ['"', '"'], ['\\"', '\\"'], ['<sip:', '>'], ['a,', ',b']] as const);
    const depth = length(random, 8_000);
    return inserted(bytes, random.below(bytes.length + 1), open.repeat(depth) + close.repeat(random.chance(0.5) ? depth : 0));
  },
  upperCase: onLine((bytes, start, end) =>
    Buffer.concat([bytes.subarray(0, start), Buffer.from(bytes.toString('latin1', start, end).toUpperCase(), 'latin1'), bytes.subarray(end)]),
  ),
}; // prettier-ignore

export const MUTATION_NAMES: readonly string[] = Object.keys(MUTATIONS);

/** Never longer than this: what a chain of mutations makes of itself is no message any more. */
const MAX_BYTES = 200_000;

/** `bytes` after one mutation, or a few. */
export function mutated(bytes: Buffer, random: Random, others: readonly Buffer[]): Buffer {
  let result = bytes;
  do {
    const mutate = MUTATIONS[random.pick(MUTATION_NAMES)];
    if (mutate !== undefined) result = mutate(result, random, others);
  } while (random.chance(0.4) && result.length < MAX_BYTES);
  return result.subarray(0, MAX_BYTES);
}
