import { newUuid } from '../ids.ts';

/**
 * First lines of the client protocol (drachtio-protocol 1.5, 2.1). They are held, like SIP headers, as one character per
 * byte. What follows the line, after CRLF, is a SIP message.
 */

const CR = 0x0d;

/** What an application sent: `<id>|<type>|…`, and the SIP text where there is one. */
export interface Command {
  readonly tokens: readonly string[];
  readonly text: Buffer | null;
}

export function parsePayload(payload: Buffer): Command {
  const end = payload.indexOf(CR);
  if (end === -1) {
    return { tokens: payload.toString('latin1', 0, payload.length).split('|'), text: null };
  }
  return { tokens: payload.toString('latin1', 0, end).split('|'), text: payload.subarray(end + 2) };
}

/** The way a message went, as the tokens show it. */
export interface Way {
  readonly protocol: string;
  readonly address: string;
  readonly port: number;
}

/** A name is being looked up or a connection made: nothing was sent yet (1.5). */
export const UNKNOWN_WAY: Way = { protocol: 'unknown', address: '', port: 0 };

const DAY_MS = 86_400_000;
let clockSecond = -1;
let clockText = '';

function two(value: number): string {
  return String(value).padStart(2, '0');
}

/** `HH:MM:SS.uuuuuu` UTC; our clock counts milliseconds. */
export function timeOfDay(epochMs: number): string {
  const ms = epochMs % DAY_MS;
  const second = Math.floor(ms / 1000);
  // Formatting once a second, not once a message.
  if (second !== clockSecond) {
    clockSecond = second;
    clockText = `${two(Math.floor(second / 3600))}:${two(Math.floor(second / 60) % 60)}:${two(second % 60)}.`;
  }
  return `${clockText}${String(Math.floor(ms % 1000)).padStart(3, '0')}000`;
}

/** `OK` to anything that is not SIP. */
export function okLine(askedId: string, rest = ''): string {
  return `${newUuid()}|response|${askedId}|OK${rest === '' ? '' : `|${rest}`}`;
}

/** A SIP operation that failed; srf keeps the connection. */
export function nokLine(askedId: string, reason: string): string {
  return `${newUuid()}|response|${askedId}|NOK|${reason}`;
}

/** A breach of the protocol; the connection is closed after it. */
export function noLine(askedId: string, reason: string): string {
  return `${newUuid()}|response|${askedId}|NO|${reason}`;
}

/** `OK` to a request, which is appended as sent. */
export function requestSentLine(askedId: string, bytes: number, way: Way, nowMs: number, txnId: string): string {
  const { protocol, address, port } = way;
  return `${newUuid()}|response|${askedId}|OK|application|${bytes}|${protocol}|${address}|${port}|${timeOfDay(nowMs)}|${txnId}|Msg sent:|`;
}

/** `OK` to a response, which is appended as sent. T12 stays empty: `continue` there would keep srf's callback for ever. */
export function responseSentLine(
  askedId: string,
  bytes: number,
  way: Way,
  nowMs: number,
  txnId: string,
  dialogId: string,
): string {
  const { protocol, address, port } = way;
  return `${newUuid()}|response|${askedId}|OK|application|${bytes}|${protocol}|${address}|${port}|${timeOfDay(nowMs)}|${txnId}|${dialogId}||Msg sent:|`;
}

/** A call detail record: `<id>|cdr:…|<source>|<time>[|<role or reason>]` (drachtio-protocol 2.5). */
export function cdrLine(verb: string, source: 'network' | 'application', nowMs: number, detail: string): string {
  return `${newUuid()}|${verb}|${source}|${timeOfDay(nowMs)}${detail === '' ? '' : `|${detail}`}`;
}

/** A message from the network, or (`application`) a request which the engine sent by itself. */
export function sipLine(
  source: 'network' | 'application',
  bytes: number,
  way: Way,
  nowMs: number,
  txnId: string,
  dialogId: string,
  receivedOn: { readonly address: string; readonly port: number } | null,
): string {
  const { protocol, address, port } = way;
  const line = `${newUuid()}|sip|${source}|${bytes}|${protocol}|${address}|${port}|${timeOfDay(nowMs)}|${txnId}|${dialogId}|`;
  // Only new requests carry receivedOn; the last | leaves T12 empty, so that srf sets no sessionToken.
  return receivedOn === null ? line : `${line}${receivedOn.address}|${receivedOn.port}|`;
}
