import type { GatewayContext } from '../context.ts';
import type { Origin } from '../access/peers.ts';
import { planOf, type Destination, type Plan } from './targets.ts';
import type { GatewaySettings, Voicemail } from '../types.ts';

/** Whom a number rings, now, where this peer (or a registered phone) dials it. */
export function ringPlan(destination: Destination, origin: Origin, context: GatewayContext): Plan {
  const { settings, policy, voicemailTargets, route, health, phones } = context;
  return planOf(destination, {
    policy: policy.current(),
    dialPlan: origin.dialPlan,
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
