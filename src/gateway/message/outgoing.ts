import type { LegKind } from '../../call/index.ts';
import { diversionHeaders, singleDiversion, withoutDiversion, type Diversion } from './diversion.ts';
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
  /** That user is a group: whoever of it sent the call on is named instead. */
  readonly isGroup: boolean;
  /** Who of those we rang sent it on, the first one first, and we where nobody took it; none where it goes where it was dialled. */
  readonly diversions: readonly Diversion[];
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

function endToEnd({ incoming, uri, kind, calledUri, isGroup, diversions }: OutgoingFacts): Record<string, string> {
  const [first, ...others] = diversions;
  if (first !== undefined) {
    // Whose voicemail it is, for the systems that want exactly one (Exchange UM).
    const only = kind === 'phone' ? null : isGroup ? first.by : calledUri;
    const diverted = diversionHeaders({ incoming, calledUri, target: uri, diversions: [first, ...others], only });
    return { ...withoutDiversion(incoming), ...diverted };
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
