import { strict as assert } from 'node:assert';
import {
  destinationOfVia,
  makeResponse,
  parseFragment,
  parseMessage,
  parseNameAddress,
  parseUri,
  serialize,
  stampTopVia,
  topVia,
  type ParseOutcome,
  type SipMessage,
} from '../../src/sip/index.ts';
import { MAX_HEADER_FIELDS } from '../../src/sip/message/limits.ts';
import { Framer } from '../../src/sip/transport/framer.ts';
import type { Random } from './random.ts';

/** What holds for any bytes that a parser is given. Throws where it does not. */
export function tryParser(bytes: Buffer): void {
  for (const framing of ['datagram', 'stream'] as const) {
    const outcome = parseMessage(bytes, framing);
    if (outcome.ok) tryMessage(outcome.message);
    else tryRefusal(outcome);
  }
  parseFragment(bytes);
}

function tryMessage(message: SipMessage): void {
  const { headers } = message;
  const written = serialize(message);
  // A Content-Length is added where there was none, and may be one field too many for us: never for who reads it.
  if (headers.fields.length < MAX_HEADER_FIELDS) tryAgain(written);
  const via = topVia(message);
  if (via !== null) destinationOfVia(via);
  for (const name of ['From', 'To', 'Contact', 'Route', 'Record-Route', 'Refer-To', 'P-Asserted-Identity']) {
    for (const element of headers.elements(name)) parseUri(parseNameAddress(element)?.uri ?? element);
  }
  if (message.kind === 'response') return;
  const answer = parseMessage(serialize(makeResponse(message, 486, 'Busy Here', { toTag: 'x' })), 'stream');
  assert.ok(answer.ok, `the answer to it cannot be read: ${answer.ok ? '' : answer.problem}`);
  stampTopVia(message, '192.0.2.1', 5_060);
  tryAgain(serialize(message));
}

/** What was written reads as what it is: nothing is gained or lost by reading it. */
function tryAgain(written: Buffer): void {
  const again = parseMessage(written, 'stream');
  if (!again.ok && again.reason === 'Too Many Header Fields') return;
  assert.ok(again.ok, `what was taken cannot be read again: ${again.ok ? '' : again.problem}`);
  assert.deepEqual(serialize(again.message), written, 'what was taken changes when it is read again');
}

function tryRefusal({ status, message }: ParseOutcome & { ok: false }): void {
  if (status === null || message === null || message.kind !== 'request') return;
  serialize(makeResponse(message, status, 'Refused', { toTag: 'x' }));
}

/** A stream may be cut anywhere: what comes out is the same. */
export function tryFramer(bytes: Buffer, random: Random): void {
  const whole = describe(new Framer().push(Buffer.from(bytes)));
  const framer = new Framer();
  const parts = [];
  const most = random.pick([1, 7, 64, 1_460, 65_536]);
  // Byte by byte is for short ones.
  const least = bytes.length > 4_000 ? 64 : 0;
  for (let at = 0; at < bytes.length;) {
    const end = at + least + 1 + random.below(most);
    parts.push(...framer.push(Buffer.from(bytes.subarray(at, end))));
    at = end;
  }
  assert.deepEqual(describe(parts), whole, 'a stream that is cut elsewhere holds other messages');
  assert.ok(framer.heldBytes <= 2 * Math.max(bytes.length, 1_024), `${framer.heldBytes} bytes are held`);
}

function describe(framed: ReturnType<Framer['push']>): string[] {
  return framed.map((each) => {
    if (each.kind === 'message') return serialize(each.message).toString('latin1');
    if (each.kind === 'failure') return `${each.failure.status} ${each.failure.problem} ${each.fatal}`;
    return each.kind;
  });
}
