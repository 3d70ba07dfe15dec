import { sipUserOf } from './address.ts';
import { namesOfNumber } from './numbering.ts';
import type { GroupEntry, PolicyFile } from './schema.ts';
import type { DialPlan, Group, GroupMember, Mailbox, MailboxPolicy } from './types.ts';

/** Names in lower case to what they name. */
interface Named {
  readonly plans: ReadonlyMap<string, DialPlan>;
  readonly mailboxes: ReadonlyMap<string, Mailbox>;
  readonly numbers: ReadonlyMap<string, Mailbox>;
}

const numberKey = (plan: string, number: string): string => `${plan.toLowerCase()}\n${number}`;

/** What is dialled for a mailbox's user. */
function numberOf({ extensions, sipAddresses, identity }: Mailbox): string {
  return extensions[0] ?? sipUserOf(sipAddresses[0] ?? '') ?? identity;
}

function memberOf(text: string, plan: DialPlan | undefined, { mailboxes, numbers }: Named): GroupMember {
  const mailbox = mailboxes.get(text.toLowerCase());
  if (mailbox !== undefined) return { mailbox: mailbox.identity, number: numberOf(mailbox) };
  if (plan === undefined) return { mailbox: null, number: text };
  for (const name of namesOfNumber(text, plan)) {
    const owner = numbers.get(numberKey(plan.name, name));
    // By that extension, which need not be the user's first.
    if (owner !== undefined) return { mailbox: owner.identity, number: name };
  }
  return { mailbox: null, number: text };
}

function groupOf(entry: GroupEntry, named: Named): Group {
  const plan = named.plans.get(entry.dialPlan.toLowerCase());
  const mailbox = entry.mailbox === null ? null : (named.mailboxes.get(entry.mailbox.toLowerCase())?.identity ?? null);
  return {
    identity: entry.identity,
    displayName: entry.displayName ?? entry.identity,
    dialPlan: plan?.name ?? entry.dialPlan,
    extensions: entry.extensions,
    sipAddresses: entry.sipAddresses,
    members: entry.members.map((text) => memberOf(text, plan, named)),
    ring: entry.ring,
    ringTimeoutMs: entry.ringTimeout,
    notify: entry.notify ?? (mailbox === null ? 'nobody' : 'group'),
    mailbox,
  };
}

/** The groups of a checked file. */
export function groupsOf(
  { groups, dialPlans }: PolicyFile,
  mailboxes: readonly Mailbox[],
  policies: ReadonlyMap<string, MailboxPolicy>,
): Group[] {
  if (groups.length === 0) return [];
  const numbers = new Map<string, Mailbox>();
  for (const mailbox of mailboxes) {
    const plan = policies.get(mailbox.mailboxPolicy.toLowerCase())?.dialPlan ?? '';
    for (const extension of mailbox.extensions) numbers.set(numberKey(plan, extension), mailbox);
  }
  const named: Named = {
    plans: new Map(dialPlans.map((plan) => [plan.name.toLowerCase(), plan])),
    mailboxes: new Map(mailboxes.map((mailbox) => [mailbox.identity.toLowerCase(), mailbox])),
    numbers,
  };
  return groups.map((entry) => groupOf(entry, named));
}
