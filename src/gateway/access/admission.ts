import { numberOf, parseAddress, parseUri } from '../message/address.ts';
import { unasserted, withoutAssertions } from './assertions.ts';
import { createAuthentication, type Authenticated, type Authentication } from './authentication.ts';
import { CALL_HEADER, header, type Headers } from '../message/headers.ts';
import type { PeerTable } from './peers.ts';
import type { DigestSettings, GatewaySettings, Peer, PhoneAccount, PhoneDirectory } from '../types.ts';
import type { SipRequest } from '../agent/user-agent.ts';

/** The name under which calls of registered phones come in; `routes` may say `from: phones`. */
export const PHONES = 'phones';

/** Whether a request may come in, and as whose. */
export type Admitted =
  | {
      readonly kind: 'admitted';
      readonly peer: Peer;
      /** Null: a peer. */
      readonly account: PhoneAccount | null;
      /** Without what its sender may not say. */
      readonly request: SipRequest;
    }
  /** Reply with this. */
  | Refused;

export interface Refused {
  readonly kind: 'refused';
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** Null: it is asked for its password, as everybody is. */
  readonly why: string | null;
}

/** Who may register, and from where. */
export type Registrant =
  { readonly kind: 'registrant'; readonly account: PhoneAccount; readonly fromPeer: boolean } | Refused;

export interface Admission {
  admit(request: SipRequest): Admitted;
  /** A REGISTER is asked for its password wherever it comes from: a peer may call, it is nobody's phone. */
  admitRegister(request: SipRequest): Registrant;
}

export interface AdmissionParts {
  readonly settings: GatewaySettings;
  readonly peers: PeerTable;
  readonly phones: PhoneDirectory;
  readonly now: () => number;
}

const STRANGER: Refused = { kind: 'refused', status: 403, headers: {}, why: 'not one of the peers' };

export function createAdmission({ settings, peers, phones, now }: AdmissionParts): Admission {
  const digest = digestOf(settings);
  const authentication: Authentication | null =
    digest === null ? null : createAuthentication({ settings: digest, phones, peers: settings.peers, now });
  const asPhone = phonesPeer(settings);
  return {
    admit(request) {
      const peer = peers.find(request.sourceAddress);
      if (peer !== null) return admitted(peer, request);
      if (authentication === null) return STRANGER;
      const shown = authentication.check(request, 'www');
      if (shown.kind === 'peer') return admitted(shown.peer, request);
      if (shown.kind !== 'phone') return refusedBy(shown);
      const { account } = shown;
      const headers = asOwn(request.headers, account);
      if (headers === null) return { ...STRANGER, why: `its From is not ${account.number}` };
      return { kind: 'admitted', peer: asPhone, account, request: { ...request, headers } };
    },
    admitRegister(request) {
      if (authentication === null || settings.registrar === null) {
        return { ...STRANGER, why: 'no phones register here (gateway.yaml has no registrar)' };
      }
      const shown = authentication.check(request, 'www');
      if (shown.kind === 'peer') return { ...STRANGER, why: 'a peer is nobody’s phone' };
      if (shown.kind !== 'phone') return refusedBy(shown);
      return {
        kind: 'registrant',
        account: shown.account,
        fromPeer: peers.find(request.sourceAddress) !== null,
      };
    },
  };
}

/** A peer whose word for who calls is not believed is not believed either about who was called first. */
function admitted(peer: Peer, request: SipRequest): Admitted {
  return { kind: 'admitted', peer, account: null, request: peer.trustCallerId ? request : unasserted(request) };
}

/** Null: nobody is ever asked for a password. */
function digestOf({ registrar, digest, peers }: GatewaySettings): DigestSettings | null {
  if (registrar !== null) return registrar;
  return peers.some((peer) => peer.digest !== null) ? (digest ?? null) : null;
}

function refusedBy(shown: Extract<Authenticated, { kind: 'challenge' | 'refused' }>): Refused {
  const { status, headers } = shown;
  return { kind: 'refused', status, headers, why: shown.kind === 'challenge' ? null : shown.why };
}

/** What registered phones are as callers. Nothing is ever sent to them under this name. */
export function phonesPeer({ registrar, voicemail }: GatewaySettings): Peer {
  return {
    name: PHONES,
    allow: [],
    digest: null,
    ...(registrar?.dialPlan === undefined ? {} : { dialPlan: registrar.dialPlan }),
    calledFrom: 'request-uri',
    forks: false,
    // Whoever gives up may say why, but not that somebody else has answered.
    trustReason: false,
    trustCallerId: false,
    // A phone takes no call of its own back.
    voicemail: voicemail.owner === 'upstream' ? 'none' : null,
    optionsMs: null,
    maxCalls: null,
    maxCallsPerSecond: null,
    answersAfter: null,
    voicemailEscapeMs: null,
    headers: { pass: null, drop: [] },
    diversion: 'all',
    reliableProvisional: 'off',
    sessionExpiresMs: null,
    numberFormat: 'as-dialled',
    userPhone: false,
    followRedirects: false,
  };
}

/**
 * A phone's headers with its own number in From, whatever its user name; its display name stays, and so does a From that names
 * nobody (RFC 3323 4.1). Null where it says to be somebody else.
 */
export function asOwn(headers: Headers, account: PhoneAccount): Headers | null {
  const from = header(headers, 'from') ?? '';
  const uri = parseAddress(from)?.uri ?? '';
  const parsed = parseUri(uri);
  const user = numberOf(parsed);
  const isNobody = user?.toLowerCase() === 'anonymous' || (parsed?.host === 'anonymous.invalid' && user === null);
  if (parsed === null || (!isNobody && user !== account.number && user !== account.username)) return null;
  const own: Record<string, string> = {};
  for (const [name, value] of Object.entries(withoutAssertions(headers))) {
    const lower = name.toLowerCase();
    // Which of our calls it is, only a peer may say.
    if (lower === CALL_HEADER.toLowerCase()) continue;
    own[name] = lower === 'from' && !isNobody && user !== account.number ? withUser(value, uri, account.number) : value;
  }
  return own;
}

/** RFC 3261 25.1: what a user part may not hold is escaped. */
function withUser(from: string, uri: string, number: string): string {
  const user = number.replaceAll(/[^\w.!~*'()&=+$,/-]/gu, encodeURIComponent);
  // The last one: a display name may look like the URI.
  const at = from.lastIndexOf(uri);
  const own = uri.replace(/^(\w+:)[^@]*@/, (_, scheme: string) => `${scheme}${user}@`);
  return `${from.slice(0, at)}${own}${from.slice(at + uri.length)}`;
}
