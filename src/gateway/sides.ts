import { parseAddress, splitList } from './address.ts';
import { PHONES, phonesPeer } from './admission.ts';
import type { Call } from './call.ts';
import type { GatewayContext } from './context.ts';
import { Side, type Carrier, type Way } from './dialogs.ts';
import { header } from './headers.ts';
import { createReferrals, type Referrals } from './transfer.ts';
import type { Peer } from './types.ts';
import type { IncomingInvite, OutgoingInvite, UserAgent } from './user-agent.ts';

export interface CallerSideFacts {
  readonly call: Call;
  readonly invite: IncomingInvite;
  readonly peer: Peer;
  readonly carrier: Carrier;
}

/** The side of whoever sent us an INVITE. */
export function callerSide({ call, invite, peer, carrier }: CallerSideFacts, { dialogs }: GatewayContext): Side {
  const way = (): Way | null => wayBack(invite, peer);
  return new Side({ call, leg: carrier.id, initiated: true, carrier, origin: peer, way }, dialogs);
}

/** Where an INVITE came from: its Contact, by the proxies that stayed in its way, else by the address that it really came from. */
function wayBack({ request, agent }: IncomingInvite, peer: Peer): Way | null {
  const uri = parseAddress(splitList(header(request.headers, 'contact') ?? '')[0] ?? '')?.uri.split('?', 1)[0];
  if (uri === undefined) return null;
  const trunk = peer.name === PHONES ? null : peer;
  const route = header(request.headers, 'record-route') ?? null;
  const first = route === null ? null : (parseAddress(splitList(route)[0] ?? '')?.uri ?? null);
  // Over a connection the Contact says where it listens, or the engine knows whose connection it is.
  const source = request.source.startsWith('udp/') ? `sip:${request.source.slice('udp/'.length)};transport=udp` : null;
  const proxy = first ?? source;
  return { uri, route, agent, trunk, ...(proxy === null ? {} : { proxy }) };
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
