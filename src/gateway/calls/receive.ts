import type { CallStart, Evidence, Party } from '../../call/index.ts';
import type { Policy } from '../../policy/index.ts';
import type { CallFacts } from './call.ts';
import { starterOf, type Belonging, type InviteKeys } from './calls.ts';
import { CALL_HEADER, header, maxForwards, sessionUuid, type Headers } from '../message/headers.ts';
import { calledOf, callerOf, voicemailAccessOf, type Called } from '../message/identity.ts';
import type { GatewayContext } from '../context.ts';
import { InboundLeg } from './inbound.ts';
import { RETRY_AFTER_FULL } from '../limits.ts';
import { placeOf } from '../hops/routing.ts';
import { takeOver } from './takeover.ts';
import type { GatewayOptions, Peer, PhoneAccount } from '../types.ts';
import type { IncomingInvite } from '../agent/user-agent.ts';

/** As whom an INVITE came in. */
export interface Sender {
  readonly peer: Peer;
  /** Null: the peer itself. */
  readonly account: PhoneAccount | null;
}

/** Takes in a well-formed INVITE of a peer or phone: whose call it is, whether it may go on, and if so, rings. */
export function receive(
  invite: IncomingInvite,
  sender: Sender,
  { policy, newCallId }: Pick<GatewayOptions, 'policy' | 'newCallId'>,
  context: GatewayContext,
): void {
  const { calls, featureCodes, limits, hopPeers, voicemailTargets, log, now } = context;
  const { peer } = sender;
  const { request } = invite;
  const current = policy.current();
  const called = calledOf(request, peer, current);
  const caller = callerOf(request.headers, peer.trustCallerId);
  if (featureCodes.take(invite, peer, called.dialled, caller)) return;
  const owner = ownerOf(called, current, peer);
  const keys = keysOf(invite, sender, caller, owner);
  const belonging = calls.belonging(keys);
  if (belonging.kind !== 'loop' && takeOver(invite, peer, keys, context)) return;
  if (!isWithinLimits(sender, belonging, context)) {
    // No call: a flood must not fill the journal.
    invite.reply(503, { headers: RETRY_AFTER_FULL });
    return;
  }

  const crowded = belonging.kind === 'joined' && belonging.call.callerCount >= limits.callersPerCall;
  if (belonging.kind === 'loop' || crowded) {
    // The call lives elsewhere: what circles in it leaves no trace in its state.
    const why = belonging.kind === 'loop' ? belonging.why : 'too many INVITEs of one call';
    log.info(
      { call: belonging.call.id, peer: peer.name, sipCallId: invite.callId, status: 482, why },
      'INVITE refused',
    );
    invite.reply(482);
    return;
  }
  const pilot = voicemailTargets.isPilot(called.dialled) ? called.dialled : null;
  const access = voicemailAccessOf(called, caller, pilot, {
    policy: current,
    dialPlan: peer.dialPlan,
    isPeer: (uri) => hopPeers.at(uri) !== null,
  });
  const call =
    belonging.kind === 'new'
      ? calls.open({
          start: startOf({
            id: newCallId(),
            at: now(),
            invite,
            peer,
            caller,
            called,
            owner,
            access,
            named: keys.ownCall,
          }),
          account: keys.account,
          voicemailAccess: access !== null,
        } satisfies CallFacts)
      : belonging.call;
  const returned = belonging.kind === 'joined' && belonging.returned;
  const dialled = { number: called.dialled, uri: called.dialledUri };
  const leg = new InboundLeg({ call, invite, peer, dialled, returned }, context);
  calls.enter(call, keys);
  if (belonging.kind === 'joined') {
    const detail = `an INVITE of ${peer.name} belongs to this call by its ${belonging.by}`;
    call.addEvidence({ at: now(), kind: 'joined', source: leg.id, strength: 'strong', detail });
  }
  const refusal = refusalOf(request.headers);
  if (refusal !== null) {
    leg.refuse(refusal.status, refusal.why);
    return;
  }
  call.places.add(placeOf(request.uri));
  leg.run().catch((error: unknown) => {
    log.error({ error, call: call.id }, 'the call could not be carried on');
    leg.interrupt();
  });
}

/** A peer's limits are about its calls; a phone's also about what joins them, for one call has room for many INVITEs. */
function isWithinLimits({ peer, account }: Sender, { kind }: Belonging, context: GatewayContext): boolean {
  const { calls, peerLimits, limits } = context;
  const name = starterOf(peer.name, account?.username ?? null);
  if (account === null) return kind !== 'new' || peerLimits.admit(peer, calls.liveOf(name));
  const maxCallsPerSecond = limits.callsPerPhonePerSecond;
  return peerLimits.admit({ name, maxCalls: limits.callsPerPhone, maxCallsPerSecond }, calls.liveOf(name));
}

/** Whose number was called: a mailbox's, or a group's with the mailbox that it may have. Policy identities. */
interface Owner {
  readonly mailbox: string | null;
  readonly group: string | null;
}

function ownerOf(called: Called, policy: Policy, { dialPlan }: Peer): Owner {
  if (called.mailbox !== null) return { mailbox: called.mailbox.identity, group: null };
  const { number, uri, ambiguous } = called;
  const group = ambiguous.length > 0 ? null : policy.findGroup({ user: number, uri }, dialPlan);
  return { mailbox: group?.mailbox ?? null, group: group?.identity ?? null };
}

function keysOf(
  { request, callId }: IncomingInvite,
  { peer, account }: Sender,
  caller: Party,
  { mailbox, group }: Owner,
): InviteKeys {
  const called = group === null ? mailbox : `group ${group}`;
  return {
    requestUri: request.uri,
    callId,
    account: account?.username ?? null,
    unbelieved: account === null && !peer.trustCallerId ? peer.name : null,
    ownCall: header(request.headers, CALL_HEADER.toLowerCase())?.trim() ?? null,
    sessionUuid: sessionUuid(request.headers),
    mailbox,
    fork: peer.forks && caller.number !== null && called !== null ? `${caller.number} ${called}` : null,
  };
}

/** What ends here (design 4.3), and what a B2BUA cannot do. */
function refusalOf(headers: Headers): { readonly status: number; readonly why: string } | null {
  // RFC 3261 16.3 step 3.
  if (maxForwards(headers) === 0) return { status: 483, why: 'Max-Forwards is 0' };
  if (header(headers, 'join') !== undefined) return { status: 603, why: 'joining another dialog is not supported' };
  return null;
}

interface StartFacts {
  readonly id: string;
  readonly at: number;
  readonly invite: IncomingInvite;
  readonly peer: Peer;
  readonly caller: Party;
  readonly called: Called;
  readonly owner: Owner;
  /** Why it counts as listening to messages. */
  readonly access: string | null;
  /** The call that its X-MCG-Call names, none that lives here. */
  readonly named: string | null;
}

/** As `newCallId` makes them; anything else is no gateway's. */
const CALL_ID = /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/i;

function startOf({ id, at, invite, peer, caller, called, owner, access, named }: StartFacts): CallStart {
  const evidence: Evidence[] = [];
  if (access !== null) {
    evidence.push({ at, kind: 'voicemail-access', source: 'gateway', strength: 'strong', detail: access });
  }
  if (called.ambiguous.length > 0) {
    const names = called.ambiguous.map(({ identity }) => identity).join(', ');
    const detail = `${called.number ?? called.uri} is a number of ${names}; peers[].dialPlan of ${peer.name} would choose`;
    evidence.push({ at, kind: 'ambiguous', source: 'gateway', strength: 'certain', detail });
  }
  if (called.divertedBy !== null) {
    const detail = `${called.divertedBy} says that the call was first for ${called.number ?? called.uri}`;
    evidence.push({ at, kind: 'diverted', source: peer.name, strength: 'strong', detail });
  }
  if (named !== null && CALL_ID.test(named)) {
    const detail = `it is call ${named} of another gateway, or was here: whoever else judges it may mail its called user too`;
    evidence.push({ at, kind: 'joined', source: peer.name, strength: 'weak', detail });
  }
  return {
    id,
    sipCallId: invite.callId,
    caller,
    callee: called.number ?? called.uri,
    calleeUri: called.uri,
    ...owner,
    peer: peer.name,
    startedAt: at,
    evidence,
  };
}
