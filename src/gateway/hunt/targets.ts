import type { LegKind } from '../../call/index.ts';
import type { Group, GroupMember, Mailbox, Policy } from '../../policy/index.ts';
import { hostPort, numberOf, parseUri } from '../message/address.ts';
import type { Diversion } from '../message/diversion.ts';
import { dial } from '../hops/routing.ts';
import type { NextHop, Peer, Registration, Voicemail } from '../types.ts';
import { keepVoicemailParameters, type VoicemailTargets } from '../voicemail/voicemail-signs.ts';

/** A number to ring. */
export interface Destination {
  readonly number: string | null;
  readonly uri: string;
  /** Who sent the call on there, the first one first; none where it is the number that was dialled. */
  readonly diversions: readonly Diversion[];
}

/** Where one INVITE goes. */
export interface Target {
  /** The next hop of the configuration; null: a registered phone, or whom a next hop named. */
  readonly hop: NextHop | null;
  readonly registration: Registration | null;
  readonly uri: string;
  readonly kind: LegKind;
  /** The peer that it is, where another hop of that peer named it; else its host tells. */
  readonly trunk?: Peer;
}

/** One way to reach somebody: a registered phone, or next hops of which each is tried where the one before is dead. */
export interface Branch {
  /** Whose way it is: a 6xx ends all ways of the same user (RFC 3261 16.7 step 5), and nobody else's. */
  readonly user: string;
  /** The group member (policy.yaml identity); null: the called user's own, or nobody's. */
  readonly mailbox: string | null;
  /** What is rung here, so that a redirection does not ring it again. */
  readonly number: string | null;
  /** The address that this number was asked for by. */
  readonly uri: string;
  /** Who sent the call on to it, the first one first. */
  readonly diversions: readonly Diversion[];
  readonly targets: readonly Target[];
  readonly ringTimeoutMs: number;
}

/** Whom a number rings: the branches of a stage at the same time, one stage after the other. */
export interface Plan {
  readonly number: string | null;
  /** The group whose number it is. */
  readonly group: Group | null;
  readonly stages: readonly (readonly Branch[])[];
}

/** What a plan is made from. */
export interface Directory {
  readonly policy: Policy;
  readonly dialPlan: string | undefined;
  readonly voicemail: Pick<Voicemail, 'owner' | 'target'>;
  readonly voicemailTargets: VoicemailTargets;
  readonly ringTimeoutMs: number;
  /** Who calls: the number, and the mailbox (policy.yaml identity) whose user it is; null: nobody's, or not known. */
  readonly caller: string | null;
  readonly callerMailbox: string | null;
  contactsOf(numbers: readonly string[]): readonly Registration[];
  /** Next hops for a number, in the order in which they are tried. */
  hopsOf(number: string | null): readonly NextHop[];
}

/** Whom a number rings (design 4.3). No stage where nothing leads there. */
export function planOf(destination: Destination, directory: Directory): Plan {
  const { number, uri } = destination;
  const { policy, dialPlan } = directory;
  // Also a system that diverts to its voicemail through us.
  if (directory.voicemailTargets.sign(uri) !== null) {
    return planFor(number, null, [[pilotBranch(destination, directory)]]);
  }
  const found = policy.findMailbox({ user: number, uri }, dialPlan);
  const group = found.kind === 'none' ? policy.findGroup({ user: number, uri }, dialPlan) : null;
  if (group !== null) return planFor(number, group, groupStages(group, destination, directory));
  const mailbox = found.kind === 'found' ? found.mailbox : null;
  const user = { user: number ?? uri, mailbox: null, ringTimeoutMs: directory.ringTimeoutMs };
  return planFor(number, null, userStages(user, destination, mailbox, directory));
}

/** The voicemail system alone, for a call that is diverted there. No stage where nobody can be dialled there. */
export function voicemailPlan(target: string, calledUri: string, diversion: Diversion, ringTimeoutMs: number): Plan {
  const targets = hopTargets([{ uri: target }], calledUri, 'voicemail');
  const nobody = { mailbox: null, number: null };
  const branch: Branch = { ...nobody, user: target, uri: target, diversions: [diversion], targets, ringTimeoutMs };
  return planFor(null, null, [[branch]]);
}

/** The plan of a number that a branch sends the call on to: it rings for the same member, and no longer than the branch would have. */
export function onBehalfOf({ mailbox, ringTimeoutMs }: Branch, plan: Plan): Plan {
  const taken = (branch: Branch): Branch => ({
    ...branch,
    mailbox: branch.mailbox ?? mailbox,
    ringTimeoutMs: Math.min(branch.ringTimeoutMs, ringTimeoutMs),
  });
  return { ...plan, stages: plan.stages.map((stage) => stage.map(taken)) };
}

function planFor(number: string | null, group: Group | null, stages: readonly (readonly Branch[])[]): Plan {
  const reachable = stages.map((stage) => stage.filter(({ targets }) => targets.length > 0));
  return { number, group, stages: reachable.filter((stage) => stage.length > 0) };
}

/** The number under which people listen to their messages: the user part of the voicemail target. */
export function voicemailNumber({ target }: Pick<Voicemail, 'target'>): string | null {
  return target === null ? null : numberOf(parseUri(target));
}

function pilotBranch({ number, uri, diversions }: Destination, directory: Directory): Branch {
  const { voicemail, ringTimeoutMs } = directory;
  const isOurs = voicemail.owner === 'gateway' && number === voicemailNumber(voicemail) && voicemail.target !== null;
  const hops = isOurs ? [{ uri: voicemail.target }] : directory.hopsOf(number);
  const targets = hopTargets(hops, uri, 'voicemail').map((target) => ({
    ...target,
    uri: keepVoicemailParameters(target.uri, uri),
  }));
  return { user: number ?? uri, mailbox: null, number, uri, diversions, targets, ringTimeoutMs };
}

function groupStages(
  group: Group,
  { uri, diversions }: Destination,
  directory: Directory,
): readonly (readonly Branch[])[] {
  const ringTimeoutMs = group.ringTimeoutMs ?? directory.ringTimeoutMs;
  // Who calls her own group rings the others.
  const others = group.members.filter(({ mailbox, number }) =>
    mailbox === null ? number !== directory.caller : mailbox !== directory.callerMailbox,
  );
  const branches = others.map((member) => {
    const mailbox = member.mailbox === null ? null : (directory.policy.mailbox(member.mailbox) ?? null);
    const user = { user: member.mailbox ?? member.number, mailbox: member.mailbox, ringTimeoutMs };
    // All at once, whatever their q: a member's turn is too short to try one phone after the other.
    const destination = { number: member.number, uri: memberUri(member, uri), diversions };
    return userStages(user, destination, mailbox, directory).flat();
  });
  return group.ring === 'serial' ? branches : [branches.flat()];
}

/** RFC 3261 16.6: a user's contacts of equal q ring at the same time, those of a lower q after those of a higher one. */
function userStages(
  user: Pick<Branch, 'user' | 'mailbox' | 'ringTimeoutMs'>,
  { number, uri, diversions }: Destination,
  mailbox: Mailbox | null,
  directory: Directory,
): readonly (readonly Branch[])[] {
  const contacts = directory.contactsOf(recordsOf(number, mailbox));
  if (contacts.length === 0) {
    return [[{ ...user, number, uri, diversions, targets: hopTargets(directory.hopsOf(number), uri, 'phone') }]];
  }
  // The same phone may be registered for several of its user's numbers.
  const phones = [...new Map(contacts.map((contact) => [contact.contact, contact])).values()];
  const ranks = [...new Set(phones.map(({ q }) => q))].sort((a, b) => b - a);
  return ranks.map((rank) =>
    phones
      .filter(({ q }) => q === rank)
      .map((registration) => ({
        ...user,
        number,
        uri,
        diversions,
        targets: [{ hop: null, registration, uri: registration.contact, kind: 'phone' as const }],
      })),
  );
}

/** The user parts of the addresses-of-record under which a number's phones may have registered. */
function recordsOf(number: string | null, mailbox: Mailbox | null): string[] {
  const addresses = mailbox?.sipAddresses.flatMap((address) => numberOf(parseUri(address)) ?? []) ?? [];
  return [...new Set([...(number === null ? [] : [number]), ...(mailbox?.extensions ?? []), ...addresses])];
}

function hopTargets(hops: readonly NextHop[], called: string, kind: LegKind): Target[] {
  return hops.flatMap((hop) => {
    const uri = dial(hop, called);
    return uri === null ? [] : [{ hop, registration: null, uri, kind }];
  });
}

/** What a member's number is where the group's was called. */
function memberUri({ number }: GroupMember, groupUri: string): string {
  const at = parseUri(groupUri);
  // RFC 3261 25.1: what a user part may not hold, and what would begin a parameter or password, is escaped.
  const user = number.toWellFormed().replaceAll(/[^\w.!~*'()&=+$,/-]/gu, encodeURIComponent);
  return at === null || at.host === '' ? `tel:${user}` : `${at.scheme}:${user}@${hostPort(at)}`;
}
