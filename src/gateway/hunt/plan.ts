import type { Party } from '../../call/index.ts';
import type { GatewayContext } from '../context.ts';
import type { Origin } from '../access/peers.ts';
import { mailboxOfCaller } from '../message/identity.ts';
import { planOf, type Destination, type Plan } from './targets.ts';
import type { GatewaySettings, Voicemail } from '../types.ts';

/**
 * Whom a number rings, now, where this peer (or a registered phone) dials it.
 * @param caller who calls: of a group that she belongs to, the others ring
 */
export function ringPlan(
  destination: Destination,
  origin: Origin,
  context: GatewayContext,
  caller: Party | null = null,
): Plan {
  const { settings, policy, voicemailTargets, route, health, phones, hopPeers } = context;
  const { dialPlan } = origin;
  const here = { policy: policy.current(), dialPlan, isPeer: (uri: string) => hopPeers.at(uri) !== null };
  return planOf(destination, {
    ...here,
    caller: caller?.number ?? null,
    callerMailbox: caller === null ? null : (mailboxOfCaller(caller, destination.uri, here)?.identity ?? null),
    voicemail: { ...settings.voicemail, owner: voicemailOwner(origin, settings) },
    voicemailTargets,
    ringTimeoutMs: settings.routing.ringTimeoutMs,
    contactsOf: (numbers) => phones.contactsOf(numbers),
    hopsOf: (number) => health.order(route({ peer: origin.name, number })),
  });
}

/** Who takes this peer's unanswered calls to voicemail. */
export function voicemailOwner(origin: Origin, settings: GatewaySettings): Voicemail['owner'] {
  return origin.voicemail ?? settings.voicemail.owner;
}
