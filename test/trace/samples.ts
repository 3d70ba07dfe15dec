import type { TracedMessage } from '../../src/trace/index.ts';

export const CALL = '0190d5a0-0000-7000-8000-000000000001';

/** A message of a call, as the engine traces it. */
export function message(
  at: number,
  way: TracedMessage['way'],
  remotePort: number,
  first: string,
  headers: readonly string[] = [],
  callId = 'a@caller',
): TracedMessage {
  const lines = [first, `Call-ID: ${callId}`, 'CSeq: 1 INVITE', ...headers, 'Content-Length: 0', '', ''];
  return {
    at,
    way,
    protocol: 'udp',
    local: { address: '127.0.0.1', port: 5060 },
    remote: { address: '127.0.0.1', port: remotePort },
    text: lines.join('\r\n'),
  };
}

/** A missed call: the caller at 5070, the phone at 5090. */
export function missedCall(at = 1_000): TracedMessage[] {
  const invite = 'INVITE sip:1001@127.0.0.1 SIP/2.0';
  return [
    message(at, 'received', 5070, invite),
    message(at + 1, 'sent', 5090, invite, [`X-MCG-Call: ${CALL}`], 'b@gateway'),
    message(at + 2, 'received', 5090, 'SIP/2.0 180 Ringing', [], 'b@gateway'),
    message(at + 3, 'sent', 5070, 'SIP/2.0 180 Ringing'),
    message(at + 2_000, 'received', 5070, 'CANCEL sip:1001@127.0.0.1 SIP/2.0', ['Reason: SIP;cause=200']),
  ];
}
