import { parseCSeq } from '../message/cseq.ts';
import type { SipRequest, SipResponse, Via } from '../message/message.ts';
import { tagOf } from '../message/name-address.ts';
import { BRANCH_COOKIE, topVia } from '../message/via.ts';

/** What a request is known by. Computed once for each that comes in. */
export interface RequestKeys {
  /** RFC 3261 17.2.3; ACK and CANCEL have the key of their INVITE. */
  readonly transaction: string;
  readonly branch: string;
  /** Call-ID, From tag and CSeq number: what an INVITE shares with its copies on other branches, its CANCEL and its ACKs. */
  readonly attempt: string;
  readonly toTag: string | null;
  readonly via: Via;
}

/** null where the request lacks what a parsed request has (top Via, CSeq, Call-ID). */
export function requestKeys(request: SipRequest): RequestKeys | null {
  const { headers } = request;
  const via = topVia(request);
  const cseq = parseCSeq(headers.get('CSeq') ?? '');
  const callId = headers.get('Call-ID');
  if (via === null || cseq === null || callId === undefined) return null;
  const attempt = `${callId} ${tagOf(headers.get('From')) ?? ''} ${cseq.sequence}`;
  const branch = via.params.get('branch') ?? '';
  return {
    transaction: transactionKey(request.method, via, branch, attempt),
    branch,
    attempt,
    toTag: tagOf(headers.get('To')),
    via,
  };
}

/**
 * 17.2.3: the branch and sent-by of the top Via, and the method. A branch without the magic cookie (RFC 2543) identifies nothing
 * by itself; there the Call-ID, From tag and CSeq number stand beside it, which also ACK and CANCEL share with their INVITE.
 */
function transactionKey(method: string, via: Via, branch: string, attempt: string): string {
  const name = method === 'ACK' || method === 'CANCEL' ? 'INVITE' : method;
  const sentBy = `${via.host.toLowerCase()}:${via.port ?? ''}`;
  if (branch.startsWith(BRANCH_COOKIE)) return `${branch} ${sentBy} ${name}`;
  return `${branch} ${attempt} ${sentBy} ${name}`;
}

/** 17.1.3: the branch of our Via and the CSeq method. null where the response has more than one Via, so is not ours (8.1.3.3). */
export function responseKey(response: SipResponse): string | null {
  const { headers } = response;
  const cseq = parseCSeq(headers.get('CSeq') ?? '');
  const via = topVia(response);
  const branch = via?.params.get('branch');
  if (cseq === null || branch === undefined || headers.elements('Via').length !== 1) return null;
  return clientKey(branch, cseq.method);
}

export function clientKey(branch: string, method: string): string {
  return `${branch} ${method}`;
}
