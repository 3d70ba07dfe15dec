import { SipHeaders } from '../../src/sip/message/headers.ts';
import { makeResponse, type ResponseParts } from '../../src/sip/message/response.ts';
import { serialize } from '../../src/sip/message/serialize.ts';
import type { SipRequest } from '../../src/sip/message/message.ts';

export interface WrittenRequest {
  readonly method: string;
  readonly branch?: string;
  /** host:port of Via's sent-by. */
  readonly sentBy?: string;
  readonly transport?: string;
  readonly callId?: string;
  readonly fromTag?: string;
  readonly toTag?: string;
  readonly sequence?: number;
  readonly extra?: readonly string[];
}

/** A request as a raw peer writes it. */
export function written(request: WrittenRequest): string {
  const { method, branch = 'z9hG4bK-1', sentBy = 'pc.a.example', transport = 'UDP', callId = 'call-1' } = request;
  const { fromTag = 'alice', toTag, sequence = 1, extra = [] } = request;
  return [
    `${method} sip:bob@b.example SIP/2.0`,
    `Via: SIP/2.0/${transport} ${sentBy};branch=${branch}`,
    'Max-Forwards: 70',
    `From: "Alice" <sip:alice@a.example>;tag=${fromTag}`,
    `To: <sip:bob@b.example>${toTag === undefined ? '' : `;tag=${toTag}`}`,
    `Call-ID: ${callId}`,
    `CSeq: ${sequence} ${method}`,
    'Contact: <sip:alice@127.0.0.1>',
    ...extra,
    'Content-Length: 0',
    '',
    '',
  ].join('\r\n');
}

/** A raw peer's answer to a request it received. */
export function answered(request: SipRequest, status: number, parts: ResponseParts = {}): Buffer {
  return serialize(makeResponse(request, status, 'Whatever', { toTag: 'bob', ...parts }));
}

/** A request for the stack to send. */
export function outgoing(method: string, uri: string, extra: readonly [string, string][] = []): SipRequest {
  const headers = new SipHeaders([
    { name: 'From', value: '<sip:gateway@a.example>;tag=ours' },
    { name: 'To', value: `<${uri}>` },
    { name: 'Call-ID', value: 'call-out' },
    { name: 'CSeq', value: `5 ${method}` },
    ...extra.map(([name, value]) => ({ name, value })),
  ]);
  return { kind: 'request', method, uri, headers, body: Buffer.alloc(0) };
}
