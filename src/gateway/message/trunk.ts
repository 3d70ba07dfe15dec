import { parseUri } from './address.ts';
import { singleDiversion } from './diversion.ts';
import { CALL_HEADER, demandedOptions, header, supporting, type Headers } from './headers.ts';
import { addressesInStyle, uriInStyle, type NumberStyle } from './numbers.ts';
import type { Failure } from '../hunt/outcome.ts';
import type { NextHop, Peer } from '../types.ts';
import { voicemailParameters } from '../voicemail/voicemail-signs.ts';

/** What an INVITE that goes to a peer is like, by that peer's settings (gateway.yaml, `peers`). */

/** How often a peer may name another of its own hosts for one INVITE: Exchange UM's call router, its service, its worker. */
export const MAX_NAMED_HOPS = 4;

/** What a next hop insisted on. */
export interface Demands {
  /** Option tags for Supported (421). */
  readonly options: readonly string[];
  /** Seconds that a session must last at least (422); null where it said nothing of it. */
  readonly minSessionSeconds: number | null;
}

export interface TrunkFacts {
  /** The peer that the next hop is; null: none. */
  readonly trunk: Peer | null;
  /** What it wanted when it was asked before; null: it was not. */
  readonly demanded: Demands | null;
  /** The INVITE that came in. */
  readonly incoming: Headers;
  /** Whose call it was. */
  readonly calledUri: string;
  /** The next hop that is dialled; null: whom another one named. */
  readonly hop: NextHop | null;
  readonly hasOffer: boolean;
  /** By the dial plan of the peer that the call came from; null where nothing says how. */
  readonly toE164: (number: string) => string | null;
}

export interface TrunkInvite {
  readonly uri: string;
  readonly headers: Record<string, string>;
}

/** What no list of a peer takes away: without them there is no INVITE, no description, and no call that comes back. */
const NEEDED: ReadonlySet<string> = new Set(['from', 'to', 'max-forwards', 'content-type', CALL_HEADER.toLowerCase()]);
/** Not an extension header of somebody's, but who calls (RFC 3325); `drop` may name it. */
const ASSERTED = 'p-asserted-identity';
const NUMBERED = ['from', 'to', ASSERTED];

/** An INVITE as the next hop wants it, by its peer's settings and by what it insisted on. */
export function trunkInvite(made: TrunkInvite, facts: TrunkFacts): TrunkInvite {
  const { trunk, demanded } = facts;
  const { uri, headers } = trunk === null ? made : byPeer(made, trunk, facts);
  return { uri, headers: demanded === null ? { ...headers } : withDemanded(headers, demanded) };
}

/** What an INVITE lacked, where a next hop says so and the engine can honour all of it. */
export function demandsOf(failure: Failure): Demands | null {
  if (failure.kind !== 'final') return null;
  if (failure.status === 421) {
    const options = demandedOptions(failure.headers);
    return options.length === 0 ? null : { options, minSessionSeconds: null };
  }
  const seconds = /^\s*(\d{1,9})\s*(?:;|$)/.exec(header(failure.headers, 'min-se') ?? '')?.[1];
  return failure.status !== 422 || seconds === undefined ? null : { options: [], minSessionSeconds: Number(seconds) };
}

function withDemanded(
  headers: Record<string, string>,
  { options, minSessionSeconds }: Demands,
): Record<string, string> {
  const seconds = String(minSessionSeconds);
  // RFC 4028 7.4: the Min-SE that it sent, and a session at least that long.
  const session = minSessionSeconds === null ? {} : { 'session-expires': seconds, 'min-se': seconds };
  return { ...supporting(headers, options), ...session };
}

function byPeer(
  { uri, headers }: TrunkInvite,
  peer: Peer,
  { incoming, calledUri, hop, hasOffer, toE164 }: TrunkFacts,
): TrunkInvite {
  const diverted = diversionFor(peer.diversion, { uri, headers }, incoming, calledUri);
  const kept = Object.entries(diverted).filter(([name]) => reaches(name.toLowerCase(), peer.headers));
  const style: NumberStyle = { userPhone: peer.userPhone, ...(peer.numberFormat === 'e164' ? { toE164 } : {}) };
  const styled = kept.map(([name, value]): [string, string] => [
    name,
    NUMBERED.includes(name.toLowerCase()) ? addressesInStyle(value, style) : value,
  ]);
  // A hop that names a user is dialled as it stands.
  const fixed = hop !== null && parseUri(hop.uri)?.user !== null;
  return {
    uri: fixed ? uri : uriInStyle(uri, style, hop?.prefix ?? ''),
    headers: timed(acknowledged(Object.fromEntries(styled), peer, hasOffer), peer),
  };
}

/**
 * At most one Diversion for `single`: of several Exchange UM takes the wrong one, and one where nobody diverted the call is a lie.
 * Without any it finds no mailbox: what the URI says of it (RFC 4458) is said as it understands it.
 */
function diversionFor(
  wanted: Peer['diversion'],
  { uri, headers }: TrunkInvite,
  incoming: Headers,
  calledUri: string,
): Record<string, string> {
  if (wanted === 'all') return { ...headers };
  const others = Object.entries(headers).filter(
    ([name]) => !['diversion', 'history-info'].includes(name.toLowerCase()),
  );
  if (wanted === 'none') return Object.fromEntries(others);
  // Ours stands alone already; what came in may be a list.
  const one = singleDiversion({ diversion: header(headers, 'diversion') ?? '' }, calledUri);
  const named = Object.keys(one).length > 0 ? one : singleDiversion(incoming, calledUri);
  const asked = voicemailParameters(uri);
  if (Object.keys(named).length === 0 && asked !== null) {
    const diversion = `<${asked.target}>;reason=${asked.reason}`;
    return { ...Object.fromEntries(others), ...singleDiversion({ diversion }, calledUri) };
  }
  return { ...Object.fromEntries(others), ...named };
}

function reaches(name: string, { pass, drop }: Peer['headers']): boolean {
  if (NEEDED.has(name)) return true;
  if (drop.includes(name)) return false;
  return pass === null || !/^[xp]-/.test(name) || name === ASSERTED || pass.includes(name);
}

/** RFC 3262 4. An INVITE without an offer cannot: the answer would have to go into the PRACK, which stays on its side. */
function acknowledged(headers: Record<string, string>, peer: Peer, hasOffer: boolean): Record<string, string> {
  if (peer.reliableProvisional === 'off' || !hasOffer) return headers;
  const offered = supporting(headers, ['100rel']);
  if (peer.reliableProvisional === 'supported') return offered;
  const required = header(headers, 'require');
  return { ...offered, require: required === undefined ? '100rel' : `${required}, 100rel` };
}

/** RFC 4028 7.1: the other side says who refreshes; the engine does where it is us. */
function timed(headers: Record<string, string>, { sessionExpiresMs }: Peer): Record<string, string> {
  if (sessionExpiresMs === null) return headers;
  return { ...supporting(headers, ['timer']), 'session-expires': String(Math.round(sessionExpiresMs / 1_000)) };
}
