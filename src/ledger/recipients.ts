import { rangMs, type CallState, type DecisionReason } from '../call/index.ts';
import type { Group, Mailbox, Policy } from '../policy/index.ts';
import type { Question } from './question.ts';

/** A mailbox that the call concerns and that may be told of it. */
export interface Recipient {
  readonly mailbox: Mailbox;
  /** How long it rang there, null where it did not or nobody knows. */
  readonly rangMs: number | null;
  /** Of the group that was called; null: told as the called user (or as the group's own mailbox). */
  readonly memberOf: Group | null;
}

/** A mailbox that is not told, whatever its policy says; null: nobody's. */
export interface Bystander {
  readonly mailbox: string | null;
  readonly reason: DecisionReason;
  readonly detail: string | null;
}

export interface Concerned {
  readonly told: readonly Recipient[];
  readonly others: readonly Bystander[];
}

/**
 * Whom a call concerns; at least one. A group's `notify` says who is told of a call that it missed: members in the order in
 * which they rang, nobody twice; who did not ring has not missed it. A group that is no longer in the policy file is what
 * its mailbox was when the call came.
 */
export function concernedBy(question: Question): Concerned {
  const { call, policy, verdict } = question;
  // A record of an earlier version has no group at all.
  const name = call.group ?? null;
  const group = name === null ? undefined : policy.groups.get(name);
  if (group === undefined) return calledMailbox(question, call.mailbox, whyNoMailbox(question));
  if (verdict.reason !== 'missed') return groupAsOne(question, group);
  switch (group.notify) {
    case 'nobody':
      return {
        told: [],
        others: [{ mailbox: known(policy, group.mailbox), reason: 'condition', detail: setting(group) }],
      };
    case 'group':
      if (ownMailbox(question, group) === group.mailbox && group.mailbox !== null) return ownCall(group.mailbox, group);
      return calledMailbox(question, group.mailbox, `group ${group.identity} tells its own mailbox, and has none`);
    case 'first':
    case 'last':
    case 'all':
      return membersOf(question, group);
  }
}

function calledMailbox({ policy, rangMs: rang }: Question, identity: string | null, why: string | null): Concerned {
  const mailbox = identity === null ? undefined : policy.mailbox(identity);
  if (mailbox === undefined) return { told: [], others: [{ mailbox: null, reason: 'no-mailbox', detail: why }] };
  return { told: [{ mailbox, rangMs: rang, memberOf: null }], others: [] };
}

/** The mailbox of whoever called: nobody is told that she called herself. */
function ownMailbox({ call, policy }: Question, { dialPlan }: Group): string | null {
  const { number, uri } = call.caller;
  const found = policy.findMailbox({ user: number, uri }, dialPlan);
  return found.kind === 'found' ? found.mailbox.identity : null;
}

function ownCall(mailbox: string, { identity }: Group): Concerned {
  return { told: [], others: [{ mailbox, reason: 'condition', detail: `called group ${identity} itself` }] };
}

/** Of a call that nobody missed one decision is enough. */
function groupAsOne({ call, policy, verdict }: Question, group: Group): Concerned {
  const mailbox = known(policy, group.mailbox ?? call.mailbox);
  return { told: [], others: [{ mailbox, reason: verdict.reason, detail: null }] };
}

function known(policy: Policy, identity: string | null): string | null {
  return (identity === null ? undefined : policy.mailbox(identity))?.identity ?? null;
}

/** The setting that says who is told, for the detail of a decision. */
function setting({ identity, notify }: Group): string {
  return `notify: ${notify} of group ${identity}`;
}

function whyNoMailbox({ call, evidence }: Question): string | null {
  if (call.mailbox !== null) return `${call.mailbox} is no longer in the policy file`;
  if ((call.group ?? null) !== null) return `group ${call.group} is no longer in the policy file`;
  return evidence.find(({ kind }) => kind === 'ambiguous')?.detail ?? null;
}

function membersOf(question: Question, group: Group): Concerned {
  const rung = rungMembers(question, group);
  const chosen = chosenOf(rung, group);
  const others: Bystander[] = rung
    .filter((one) => !chosen.includes(one))
    .map(({ mailbox }) => ({ mailbox: mailbox.identity, reason: 'condition', detail: setting(group) }));
  const own = ownMailbox(question, group);
  for (const { identity } of mailboxesOf(question.policy, group)) {
    if (rung.some((one) => one.mailbox.identity === identity)) continue;
    const detail = `${identity === own ? 'called' : 'did not ring for'} group ${group.identity}${identity === own ? ' itself' : ''}`;
    others.push({ mailbox: identity, reason: 'not-rung', detail });
  }
  // Somebody must stand for the call where no member is told.
  if (chosen.length === 0) {
    others.unshift({
      mailbox: null,
      reason: 'not-rung',
      detail: `no phone of a mailbox rang for group ${group.identity}`,
    });
  }
  return { told: chosen.map((one) => recipient(question, one, group)), others };
}

function recipient({ state, endedAt }: Question, { mailbox, identities }: Rung, memberOf: Group): Recipient {
  const rang =
    state === null ? null : rangMs(state, endedAt, (leg) => leg.mailbox !== null && identities.has(leg.mailbox));
  return { mailbox, rangMs: rang, memberOf };
}

/** A member whose phones rang. */
interface Rung {
  readonly mailbox: Mailbox;
  /** As its legs name it. */
  readonly identities: Set<string>;
  firstAt: number;
  lastAt: number;
}

/** In the order in which they began to ring; in the group's order where that was the same instant. */
function rungMembers(question: Question, group: Group): Rung[] {
  const { state, rangAt, policy } = question;
  if (state === null)
    return rangAt === null ? [] : probablyRung(policy, group, { rangAt, own: ownMailbox(question, group) });
  const rung = ringsOf(state, policy);
  const place = new Map(group.members.map(({ mailbox }, position) => [known(policy, mailbox), position]));
  const placeOf = ({ mailbox: { identity } }: Rung): number => place.get(identity) ?? group.members.length;
  return rung.sort(
    (a, b) => a.firstAt - b.firstAt || placeOf(a) - placeOf(b) || (a.mailbox.identity < b.mailbox.identity ? -1 : 1),
  );
}

function ringsOf({ legs }: CallState, policy: Policy): Rung[] {
  const rung = new Map<string, Rung>();
  for (const { kind, mailbox: member, rangAt } of legs) {
    // A record of an earlier version has no member at all.
    const identity = member ?? null;
    const mailbox = identity === null ? undefined : policy.mailbox(identity);
    if (kind !== 'phone' || rangAt === null || identity === null || mailbox === undefined) continue;
    const before = rung.get(mailbox.identity);
    if (before === undefined) {
      rung.set(mailbox.identity, { mailbox, identities: new Set([identity]), firstAt: rangAt, lastAt: rangAt });
    } else {
      before.identities.add(identity);
      before.firstAt = Math.min(before.firstAt, rangAt);
      before.lastAt = Math.max(before.lastAt, rangAt);
    }
  }
  return [...rung.values()];
}

/** The gateway died: the journal says that it rang, not where. All of them ring at once, or the first one rings first. */
function probablyRung(
  policy: Policy,
  group: Group,
  { rangAt, own }: { readonly rangAt: number; readonly own: string | null },
): Rung[] {
  // Who calls her own group does not ring.
  const others = mailboxesOf(policy, group).filter(({ identity }) => identity !== own);
  const rung = others.map((mailbox) => ({
    mailbox,
    identities: new Set<string>(),
    firstAt: rangAt,
    lastAt: rangAt,
  }));
  return group.ring === 'simultaneous' ? rung : rung.slice(0, 1);
}

function chosenOf(rung: readonly Rung[], { notify }: Group): readonly Rung[] {
  if (notify === 'all') return rung;
  if (notify === 'first') return rung.slice(0, 1);
  const lastAt = Math.max(...rung.map((one) => one.lastAt));
  return rung.filter((one) => one.lastAt === lastAt).slice(-1);
}

/** The members that have a mailbox, each once. */
function mailboxesOf(policy: Policy, { members }: Group): Mailbox[] {
  const found = new Map<string, Mailbox>();
  for (const member of members) {
    const mailbox = member.mailbox === null ? undefined : policy.mailbox(member.mailbox);
    if (mailbox !== undefined) found.set(mailbox.identity, mailbox);
  }
  return [...found.values()];
}
