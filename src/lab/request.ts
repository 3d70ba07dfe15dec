import { newCallId, newTag, SipHeaders, type HeaderField, type SipRequest } from '../sip/index.ts';
import { uriOf, type Endpoint } from './endpoint.ts';

/** A request that makes no dialog and needs none (RFC 3261 8.1.1). */
export interface RequestParts {
  readonly method: string;
  /** The Request-URI, and where it is sent. */
  readonly uri: string;
  /** URIs. */
  readonly from: string;
  readonly to: string;
  readonly headers?: readonly HeaderField[];
  readonly body?: Buffer;
}

/** Resolves with the final status, null where none came. */
export function sendRequest(endpoint: Endpoint, parts: RequestParts): Promise<number | null> {
  const { stack } = endpoint;
  const { method, uri, from, to, headers = [], body = Buffer.alloc(0) } = parts;
  const bound = stack.localFor({ uri });
  if (bound === undefined) return Promise.resolve(null);
  const fields: HeaderField[] = [
    { name: 'From', value: `<${from}>;tag=${newTag()}` },
    { name: 'To', value: `<${to}>` },
    { name: 'Call-ID', value: newCallId() },
    { name: 'CSeq', value: `1 ${method}` },
    { name: 'Contact', value: `<${uriOf(bound)}>` },
    ...headers,
  ];
  const request: SipRequest = { kind: 'request', method, uri, headers: new SipHeaders(fields), body };
  return new Promise((resolve) => {
    stack.request(
      request,
      { uri },
      {
        onResponse: ({ status }) => {
          if (status >= 200) resolve(status);
        },
        onTimeout: () => resolve(null),
        onTransportError: () => resolve(null),
      },
    );
  });
}
