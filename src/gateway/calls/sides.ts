import { numberOf, parseAddress, parseUri, splitList, withoutHeaders } from '../message/address.ts';
import { PHONES, phonesPeer } from '../access/admission.ts';
import type { Call } from './call.ts';
import type { GatewayContext } from '../context.ts';
import { Side, type Carrier, type Way } from './dialogs.ts';
import { header } from '../message/headers.ts';
import { createReferrals, type Referrals } from './transfer.ts';
import type { Peer } from '../types.ts';
import type { IncomingInvite, OutgoingInvite, UserAgent } from '../agent/user-agent.ts';

export interface CallerSideFacts {
  readonly call: Call;
  readonly invite: IncomingInvite;
  readonly peer: Peer;
  readonly carrier: Carrier;
}

/** The side of whoever sent us an INVITE. */
export function callerSide(
  { call, invite, peer, carrier }: CallerSideFacts,
  { dialogs, phones }: GatewayContext,
): Side {
  const way = (): Way | null => (peer.name === PHONES ? wayToPhone(invite, phones) : wayBack(invite, peer));
  return new Side({ call, leg: carrier.id, initiated: true, carrier, origin: peer, way }, dialogs);
}

/** Where a peer's INVITE came from: its Contact, by the proxies that stayed in its way, else by the address that it really came from. */
function wayBack({ request, agent }: IncomingInvite, trunk: Peer): Way | null {
  const contact = parseAddress(splitList(header(request.headers, 'contact') ?? '')[0] ?? '');
  if (contact === null) return null;
  const route = header(request.headers, 'record-route') ?? null;
  const first = route === null ? null : (parseAddress(splitList(route)[0] ?? '')?.uri ?? null);
  // Over a connection the Contact says where it listens, or the engine knows whose connection it is.
  const proxy = first ?? udpSource(request.source);
  return { uri: withoutHeaders(contact.uri), route, agent, trunk, ...(proxy === null ? {} : { proxy }) };
}

/**
 * A phone says neither by Contact nor by Record-Route whom we call: over UDP it is where its INVITE came from, over a connection who has
 * registered over that same one, else nobody.
 */
function wayToPhone({ request, agent }: IncomingInvite, phones: GatewayContext['phones']): Way | null {
  const { headers, source } = request;
  const proxy = udpSource(source);
  if (proxy === null) {
    const number = numberOf(parseUri(parseAddress(header(headers, 'from') ?? '')?.uri ?? ''));
    const registered = phones.contactsOf(number === null ? [] : [number]).find((each) => each.source === source);
    const way = registered === undefined || registered.path.length > 0 ? null : phones.wayTo(registered);
    return way === null ? null : { uri: way.uri, route: null, agent: way.agent ?? agent, trunk: null };
  }
  const contact = parseAddress(splitList(header(headers, 'contact') ?? '')[0] ?? '');
  return contact === null ? null : { uri: withoutHeaders(contact.uri), proxy, route: null, agent, trunk: null };
}

function udpSource(source: string): string | null {
  return source.startsWith('udp/') ? `sip:${source.slice('udp/'.length)};transport=udp` : null;
}

export interface CalleeSideFacts {
  /** Of the caller that it is rung for. */
  readonly caller: Side;
  readonly leg: string;
  readonly invite: OutgoingInvite;
  readonly agent: UserAgent;
  /** The peer that it is; null: a phone, or nobody we know. */
  readonly trunk: Peer | null;
  readonly isPhone: boolean;
}

/** The side of whoever we sent an INVITE to. */
export function calleeSide(facts: CalleeSideFacts, { dialogs, settings }: GatewayContext): Side {
  const { caller, leg, invite, agent, trunk, isPhone } = facts;
  const { call, carrier } = caller.facts;
  const way = (): Way => {
    const { uri, proxy, credentials, headers = {} } = invite;
    const kept = { ...(proxy === undefined ? {} : { proxy }), ...(credentials === undefined ? {} : { credentials }) };
    return { uri, ...kept, route: header(headers, 'route') ?? null, agent, trunk };
  };
  const origin = isPhone ? phonesPeer(settings) : trunk;
  const side = new Side({ call, leg, initiated: false, carrier, origin, way }, dialogs);
  side.other = caller;
  return side;
}

export function referralsBetween(
  caller: Side,
  callee: Side,
  context: GatewayContext,
): { readonly caller: Referrals; readonly callee: Referrals } {
  return {
    caller: createReferrals(caller, callee, context),
    callee: createReferrals(callee, caller, context),
  };
}
