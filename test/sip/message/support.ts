import { parseMessage, type SipMessage, type SipRequest } from '../../../src/sip/index.ts';

/** A request with every mandatory header; `changes` replaces lines by name, null leaves one out. */
export function requestText(changes: Record<string, string | null> = {}, body = ''): string {
  const lines: Record<string, string | null> = {
    start: 'INVITE sip:bob@example.com SIP/2.0',
    Via: 'SIP/2.0/UDP pc33.example.com;branch=z9hG4bK776asdhds',
    From: 'Alice <sip:alice@example.com>;tag=1928301774',
    To: 'Bob <sip:bob@example.com>',
    'Call-ID': 'a84b4c76e66710@pc33.example.com',
    CSeq: '314159 INVITE',
    'Max-Forwards': '70',
    'Content-Length': String(body.length),
    ...changes,
  };
  const { start, ...headers } = lines;
  const fields = Object.entries(headers).filter(([, value]) => value !== null);
  return `${start}\r\n${fields.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n${body}`;
}

export function bytesOf(text: string): Buffer {
  return Buffer.from(text, 'latin1');
}

export function parsed(text: string): SipMessage {
  const outcome = parseMessage(bytesOf(text), 'datagram');
  if (!outcome.ok) throw new Error(outcome.problem);
  return outcome.message;
}

export function request(changes: Record<string, string | null> = {}, body = ''): SipRequest {
  const message = parsed(requestText(changes, body));
  if (message.kind !== 'request') throw new Error('not a request');
  return message;
}
