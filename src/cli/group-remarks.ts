import { createPhoneDirectory, type GatewayConfig, type PhoneConfig } from '../config/index.ts';
import type { Group, GroupMember, Policy } from '../policy/index.ts';

/** Legs that one call of the gateway may have, voicemail's among them. */
export const LEGS_PER_CALL = 100;
/** Of members that have something in common. */
const MAX_NAMED = 5;

/** For `mcg check`: which groups cannot ring as they are written, as far as the files tell. */
export function* groupRemarks(
  config: GatewayConfig,
  policy: Policy,
  phones: readonly PhoneConfig[],
): Generator<string> {
  const directory = createPhoneDirectory(phones);
  const room = config.voicemail.owner === 'gateway' ? LEGS_PER_CALL - 1 : LEGS_PER_CALL;
  for (const group of policy.groups.values()) {
    const { identity, members } = group;
    if (members.length > room) {
      const voicemail = room < LEGS_PER_CALL ? ', its voicemail among them' : '';
      yield `group ${identity} has ${members.length} members, and one call rings at most ${LEGS_PER_CALL} phones${voicemail}: the last ones never ring. Make it smaller.`;
    }
    const silent = members.filter(
      (member) => !isRouted(member, config) && !recordsOf(member, policy).some((number) => directory.hasNumber(number)),
    );
    if (silent.length > 0) yield silence(group, silent);
  }
}

function silence({ identity, members }: Group, silent: readonly GroupMember[]): string {
  const names = silent.slice(0, MAX_NAMED).map(({ mailbox, number }) => mailbox ?? number);
  const more = silent.length > MAX_NAMED ? ` and ${silent.length - MAX_NAMED} more` : '';
  const who = silent.length === members.length ? 'nobody would ring' : 'the others ring alone';
  return `group ${identity}: no phone of phones.yaml, no route and no next hop leads to ${names.join(', ')}${more}: ${who}.`;
}

/** A route of any peer counts: who will call the group cannot be told. */
function isRouted({ number }: GroupMember, { routing }: GatewayConfig): boolean {
  return (
    routing.nextHop.length > 0 || routing.routes.some(({ to }) => to === undefined || new RegExp(to, 'u').test(number))
  );
}

/** The numbers and names under which a member's phones may have registered. */
function recordsOf({ mailbox, number }: GroupMember, policy: Policy): string[] {
  const owner = mailbox === null ? undefined : policy.mailbox(mailbox);
  const names = owner?.sipAddresses.map((address) => /^(?:sips?:)?([^@;]+)/i.exec(address)?.[1] ?? '') ?? [];
  return [number, ...(owner?.extensions ?? []), ...names];
}
