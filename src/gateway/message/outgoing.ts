import type { LegKind } from '../../call/index.ts';
import { diversionHeaders, singleDiversion, withoutDiversion } from './diversion.ts';
import {
  CALL_HEADER,
  header,
  maxForwards,
  passHeaders,
  privacyOf,
  requiredEndToEnd,
  withoutTag,
  type Headers,
} from './headers.ts';
import type { DiversionCause } from '../hunt/outcome.ts';

export interface OutgoingFacts {
  /** The headers of the INVITE that came in. */
  readonly incoming: Headers;
  readonly callId: string;
  readonly uri: string;
  /** The next hop is one of the peers: it may know our call's name, and who the caller is. */
  readonly toPeer: boolean;
  /** Whoever sent it is believed about who calls (`trustCallerId`). */
  readonly trusted: boolean;
  readonly kind: LegKind;
  /** Whose call it was. */
  readonly calledUri: string;
  /** Why we divert or redirect it; null where it goes where it was dialled. */
  readonly diversion: DiversionCause | null;
}

/** Headers that name a caller besides From; the second and third are older systems' ways. */
const NAMING = new Set(['p-asserted-identity', 'p-preferred-identity', 'remote-party-id']);

/** The headers of an INVITE that goes out for one that came in. Via, Contact, Call-ID, CSeq and the tags are the engine's. */
export function outgoingHeaders(facts: OutgoingFacts): Record<string, string> {
  const { incoming, callId, toPeer, trusted } = facts;
  const headers = endToEnd(facts);
  // RFC 3325 5 and 7: what somebody untrusted asserts goes nowhere, and who asked for privacy is not named outside the trust domain.
  if (!trusted || (!toPeer && privacyOf(incoming).includes('id'))) {
    for (const name of Object.keys(headers)) if (NAMING.has(name.toLowerCase())) delete headers[name];
  }
  if (toPeer) headers[CALL_HEADER] = callId;
  const from = withoutTag(header(incoming, 'from'));
  const to = withoutTag(header(incoming, 'to'));
  if (from !== undefined) headers['from'] = from;
  if (to !== undefined) headers['to'] = to;
  headers['max-forwards'] = String(maxForwards(incoming) - 1);
  return headers;
}

function endToEnd({ incoming, uri, kind, calledUri, diversion }: OutgoingFacts): Record<string, string> {
  if (diversion !== null) {
    return { ...withoutDiversion(incoming), ...diversionHeaders(incoming, calledUri, uri, diversion) };
  }
  if (kind === 'phone') {
    // A dialog that is none of ours: whoever is behind us may know it (those of ours are taken over, takeover.ts).
    const replaces = header(incoming, 'replaces');
    return {
      ...passHeaders(incoming),
      ...(replaces === undefined ? {} : { replaces, ...requiredEndToEnd(incoming) }),
    };
  }
  const history = header(incoming, 'history-info');
  return {
    ...withoutDiversion(incoming),
    ...(history === undefined ? {} : { 'history-info': history }),
    ...singleDiversion(incoming, calledUri),
  };
}
