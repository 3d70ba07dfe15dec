import { parseMessage } from '../../../src/sip/message/parse.ts';
import type { SipMessage, SipRequest, SipResponse } from '../../../src/sip/message/message.ts';

function parsed(lines: readonly string[]): SipMessage {
  const outcome = parseMessage(Buffer.from(`${lines.join('\r\n')}\r\nContent-Length: 0\r\n\r\n`, 'latin1'), 'datagram');
  if (!outcome.ok) throw new Error(outcome.problem);
  return outcome.message;
}

/** A request with what every request has, and these header lines instead or besides. */
export function request(startLine: string, ...headers: string[]): SipRequest {
  const method = startLine.slice(0, startLine.indexOf(' '));
  const message = parsed([
    `${startLine} SIP/2.0`,
    ...filled(headers, `CSeq: 1 ${method}`, 'From: <sip:alice@a.example>;tag=alice', 'To: <sip:bob@b.example>'),
  ]);
  if (message.kind !== 'request') throw new Error('not a request');
  return message;
}

export function response(startLine: string, ...headers: string[]): SipResponse {
  const message = parsed([
    `SIP/2.0 ${startLine}`,
    ...filled(headers, 'CSeq: 1 INVITE', 'From: <sip:alice@a.example>;tag=alice', 'To: <sip:bob@b.example>;tag=bob'),
  ]);
  if (message.kind !== 'response') throw new Error('not a response');
  return message;
}

function filled(headers: readonly string[], ...defaults: string[]): string[] {
  const given = new Set(headers.map((line) => line.slice(0, line.indexOf(':'))));
  const common = ['Via: SIP/2.0/UDP a.example;branch=z9hG4bK1', 'Call-ID: call', 'Max-Forwards: 70'];
  return [...[...common, ...defaults].filter((line) => !given.has(line.slice(0, line.indexOf(':')))), ...headers];
}
