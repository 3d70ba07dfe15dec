import { makeResponse, type BoundAddress, type SipRequest, type SipResponse } from '../../sip/index.ts';
import { appendAppHeaders, labelBody, type Refused } from './app-headers.ts';
import { ownContact } from './own-address.ts';
import { tagIn } from './placeholder.ts';

/** What an application's response becomes on the wire (drachtio-protocol 3.3). */

/** These come from the request, or from the engine. */
const NOT_COPIED = ['Via', 'From', 'To', 'Call-ID', 'CSeq', 'Record-Route', 'Route', 'RSeq', 'Content-Length'] as const;

export interface ResponseContext {
  /** The tag of all responses of this transaction. */
  readonly toTag: string;
  readonly own: BoundAddress;
  /** Whether a Contact is added where the application gave none. */
  readonly addContact: boolean;
  /** The number of a reliable provisional response (RFC 3262); null for any other. */
  readonly rseq: number | null;
}

export function buildResponse(request: SipRequest, app: SipResponse, context: ResponseContext): SipResponse | Refused {
  const { toTag, own, addContact, rseq } = context;
  const response = makeResponse(request, app.status, app.reason, { toTag, body: app.body });
  const { headers } = response;
  appendAppHeaders(headers, app, NOT_COPIED, own);
  if (app.status < 200) {
    setReliability(response, rseq);
  }
  if (addContact && !headers.has('Contact')) {
    headers.append('Contact', ownContact(own));
  }
  return labelBody(headers, app.body) ?? response;
}

/** RFC 3262 3: `Require: 100rel` and RSeq stand together; a Require alone would make the caller wait for an RSeq. */
function setReliability({ headers }: SipResponse, rseq: number | null): void {
  if (headers.has('Require')) {
    const others = headers.elements('Require').filter((option) => option.toLowerCase() !== '100rel');
    headers.delete('Require');
    if (others.length > 0) {
      headers.append('Require', others.join(', '));
    }
  }
  if (rseq !== null) {
    headers.append('Require', '100rel');
    headers.append('RSeq', String(rseq));
  }
}

/** The To tag that the application chose (srf: a `to` header among the response's), or ''. */
export function appToTag(app: SipResponse): string {
  const tag = tagIn(app.headers.get('To') ?? '');
  return /^[A-Za-z0-9\-.!%*_+`'~]+$/.test(tag) ? tag : '';
}

/** RFC 3261 12.1.1, 3311 5.2, 3515 2.4.4, 6665 4.2.1.1: the answers that tell the peer where the dialog's requests go. */
export function wantsContact(method: string, status: number, inDialog: boolean): boolean {
  switch (method) {
    case 'INVITE':
      return inDialog ? status > 100 : status > 100 && status < 300;
    case 'SUBSCRIBE':
      return status > 100;
    case 'UPDATE':
    case 'REFER':
      return status >= 200 && status < 300;
    default:
      return false;
  }
}
