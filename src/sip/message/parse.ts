import { endOfToken, isToken, sliceTrimmed } from './grammar.ts';
import { SipHeaders } from './headers.ts';
import { MAX_BODY_BYTES, MAX_DATAGRAM_BYTES, MAX_HEAD_BYTES, MAX_HEADER_FIELDS } from './limits.ts';
import type { ParseFailure, ParseOutcome, SipMessage } from './message.ts';
import { badRequest, TOO_LARGE, type Problem } from './problem.ts';
import { problemOf } from './validate.ts';

const NO_BODY = Buffer.alloc(0);
const SPACE = 0x20;
const TAB = 0x09;
const COLON = 0x3a;

/** A start line and header fields as far as they could be read; the body is still to come. */
export interface ParsedHead {
  readonly message: SipMessage | null;
  readonly problem: Problem | null;
  /** Start line and every header line could be read; `problem` is about what they say. */
  readonly complete: boolean;
}

/**
 * One whole message. `datagram`: what follows Content-Length is dropped (RFC 3261 18.3), leading line breaks are skipped.
 * `stream`: the bytes are one message as `Framer` cut it. Never throws; costs one pass over the bytes.
 */
export function parseMessage(bytes: Buffer, framing: 'datagram' | 'stream'): ParseOutcome {
  if (bytes.length > (framing === 'datagram' ? MAX_DATAGRAM_BYTES : MAX_HEAD_BYTES + MAX_BODY_BYTES)) {
    return failure(null, TOO_LARGE);
  }
  const start = skipLineBreaks(bytes);
  const blank = bytes.indexOf('\r\n\r\n', start, 'latin1');
  const headEnd = blank < 0 ? bytes.length : blank + 2;
  const head = parseHead(bytes.toString('latin1', start, headEnd));
  if (blank < 0) {
    const problem = head.problem ?? badRequest('Header Block Without End');
    return failure(head.message, problem);
  }
  return withBody(head, bytes.subarray(headEnd + 2), framing);
}

/**
 * The text that an application or a sipfrag body holds (RFC 3420): a start line and header fields, none of them mandatory or
 * checked, and all that follows the first empty line as body.
 */
export function parseFragment(bytes: Buffer): ParseOutcome {
  const blank = bytes.indexOf('\r\n\r\n', 0, 'latin1');
  const text = bytes.toString('latin1', 0, blank < 0 ? bytes.length : blank + 2);
  const { message, problem } = readHead(text.endsWith('\r\n') ? text : `${text}\r\n`, new SipHeaders());
  if (message === null || problem !== null) return failure(message, problem ?? NOT_SIP);
  message.body = blank < 0 ? NO_BODY : bytes.subarray(blank + 4);
  return { ok: true, message };
}

/** Gives a parsed head its body, or says why it cannot have it. */
export function withBody(head: ParsedHead, rest: Buffer, framing: 'datagram' | 'stream'): ParseOutcome {
  const { message, problem } = head;
  if (message === null || problem !== null) return failure(message, problem ?? NOT_SIP);
  const length = contentLengthOf(message) ?? rest.length;
  if (rest.length < length) {
    return failure(message, badRequest('Body Shorter Than Content-Length', `${rest.length} of ${length}`));
  }
  if (framing === 'stream' && rest.length > length) {
    return failure(message, badRequest('Body Longer Than Content-Length'));
  }
  message.body = rest.subarray(0, length);
  return { ok: true, message };
}

/** Content-Length as a number, null where it is missing; the head has been found valid. */
export function contentLengthOf(message: SipMessage): number | null {
  const value = message.headers.get('Content-Length');
  return value === undefined ? null : Number(value);
}

/** `head`: start line and header fields, each with its line end, without the empty line. */
export function parseHead(head: string): ParsedHead {
  const headers = new SipHeaders();
  const read = readHead(head, headers);
  if (read.message === null || read.problem !== null) return read;
  return { message: read.message, problem: problemOf(read.message, headers), complete: true };
}

const NOT_SIP = badRequest('Not A SIP Message');

export function failure(message: SipMessage | null, problem: Problem): ParseFailure {
  const status = mayAnswer(message) ? problem.status : null;
  return { ok: false, problem: problem.detail, status, reason: problem.reason, message };
}

/**
 * RFC 3261 18.1.2: broken responses are dropped. 17.1.1.3: an ACK is never answered. Without a Via there is nobody to answer
 * (18.2.2), and what has no SIP start line is not answered at all.
 */
function mayAnswer(message: SipMessage | null): boolean {
  return message !== null && message.kind === 'request' && message.method !== 'ACK' && message.headers.has('Via');
}

/** RFC 3261 7.5: line breaks before the start line are ignored. */
function skipLineBreaks(bytes: Buffer): number {
  let index = 0;
  while (bytes[index] === 0x0d && bytes[index + 1] === 0x0a) index += 2;
  return index;
}

function readHead(head: string, headers: SipHeaders): ParsedHead {
  const end = head.indexOf('\r\n');
  const start = readStartLine(end < 0 ? head : head.slice(0, end), headers);
  if (start.message === null || end < 0) return start;
  const problem = readFields(head, end + 2, headers);
  return { message: start.message, problem: start.problem ?? problem, complete: start.complete && problem === null };
}

function readStartLine(line: string, headers: SipHeaders): ParsedHead {
  if (/^SIP\/\d/i.test(line)) return readStatusLine(line, headers);
  // RFC 4475 3.1.2.10: blanks at the end are refused, but the request can still be answered.
  const trimmed = sliceTrimmed(line, 0, line.length);
  const methodEnd = trimmed.indexOf(' ');
  const uriEnd = trimmed.lastIndexOf(' ');
  const version = trimmed.slice(uriEnd + 1);
  const method = trimmed.slice(0, Math.max(methodEnd, 0));
  if (!/^SIP\/\d+\.\d+$/i.test(version) || !isToken(method))
    return { message: null, problem: NOT_SIP, complete: false };
  const uri = trimmed.slice(methodEnd + 1, Math.max(uriEnd, methodEnd + 1));
  const message: SipMessage = { kind: 'request', method, uri, headers, body: NO_BODY };
  return { message, problem: requestLineProblem(line, trimmed, uri, version), complete: true };
}

function requestLineProblem(line: string, trimmed: string, uri: string, version: string): Problem | null {
  if (version.toUpperCase() !== 'SIP/2.0') {
    return { status: 505, reason: 'Version Not Supported', detail: `Version Not Supported: ${version.slice(0, 20)}` };
  }
  // RFC 3261 25.1: Request-Line = Method SP Request-URI SP SIP-Version CRLF, one space each.
  if (line !== trimmed || uri === '' || /[^!-~\u0080-\uffff]/.test(uri)) {
    return badRequest('Bad Request-Line', line);
  }
  return null;
}

function readStatusLine(line: string, headers: SipHeaders): ParsedHead {
  const match = /^SIP\/2\.0 ([1-6]\d\d)(?: |$)/i.exec(line);
  const message: SipMessage = {
    kind: 'response',
    status: match === null ? 0 : Number(match[1]),
    reason: match === null ? '' : line.slice(match[0].length),
    headers,
    body: NO_BODY,
  };
  if (match !== null && !/[\r\n]/.test(message.reason)) return { message, problem: null, complete: true };
  return { message, problem: badRequest('Bad Status-Line', line), complete: false };
}

/** Appends the fields; stops at the first that is none, so that what stands above it can still be answered to. */
function readFields(head: string, from: number, headers: SipHeaders): Problem | null {
  let start = from;
  for (let count = 0; start < head.length; count++) {
    if (count === MAX_HEADER_FIELDS) return badRequest('Too Many Header Fields');
    const end = endOfField(head, start);
    if (end < 0) return badRequest('Bad Line End');
    const nameEnd = endOfToken(head, start);
    let colon = nameEnd;
    while (head.charCodeAt(colon) === SPACE || head.charCodeAt(colon) === TAB) colon++;
    if (nameEnd === start || head.charCodeAt(colon) !== COLON) {
      return badRequest('Bad Header Line', head.slice(start, end));
    }
    headers.append(head.slice(start, nameEnd), sliceTrimmed(head, colon + 1, end));
    start = end + 2;
  }
  return null;
}

/** The index of the CR LF that ends the field, folding included; -1 where CR or LF stands alone, or nothing ends it. */
function endOfField(head: string, start: number): number {
  for (let from = start; ;) {
    const end = head.indexOf('\r', from);
    if (end < 0 || head.indexOf('\n', from) !== end + 1) return -1;
    const next = head.charCodeAt(end + 2);
    if (next !== SPACE && next !== TAB) return end;
    from = end + 2;
  }
}
