import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Mailbox, Policy } from '../../../policy/index.ts';

/** Mailboxes looked at in one turn of the loop: about a millisecond. */
const SLICE = 1_000;
/** A list is kept for the newest version only. */
interface Listed {
  /** In lower case, which is the order of the list. */
  readonly key: string;
  readonly identity: string;
  readonly mailboxPolicy: string;
  /** What a search looks in, in lower case. */
  readonly text: string;
}

export interface MailboxPage {
  readonly items: readonly Mailbox[];
  readonly next: string | null;
  readonly total: number;
}

export interface MailboxQuery {
  readonly after?: string | undefined;
  readonly limit: number;
  readonly search?: string | undefined;
  readonly mailboxPolicy?: string | undefined;
}

/** The mailboxes of a version by identity; made when somebody asks, in slices, because there may be 100,000 of them. */
export interface MailboxIndex {
  page(policy: Policy, query: MailboxQuery): Promise<MailboxPage>;
  /** Mailboxes of each policy, by its name. */
  counts(policy: Policy): Promise<ReadonlyMap<string, number>>;
  /** All of them by identity. */
  all(policy: Policy): AsyncIterable<Mailbox>;
}

interface Made {
  readonly list: readonly Listed[];
  readonly counts: ReadonlyMap<string, number>;
}

export function createMailboxIndex(): MailboxIndex {
  let version = '';
  let making: Promise<Made> = Promise.resolve({ list: [], counts: new Map() });
  const made = (policy: Policy): Promise<Made> => {
    if (version === policy.version) return making;
    version = policy.version;
    making = make(policy);
    return making;
  };
  return {
    async page(policy, { after, limit, search, mailboxPolicy }) {
      const { list } = await made(policy);
      const wanted = search?.trim().toLowerCase() ?? '';
      const found: Listed[] = [];
      const from = after?.toLowerCase();
      let total = 0;
      for (const [position, one] of list.entries()) {
        if (position % (20 * SLICE) === 0 && position > 0) await nextTurn();
        if (mailboxPolicy !== undefined && one.mailboxPolicy !== mailboxPolicy) continue;
        if (wanted !== '' && !one.text.includes(wanted)) continue;
        total += 1;
        if (found.length <= limit && (from === undefined || one.key > from)) found.push(one);
      }
      const items = found.slice(0, limit).flatMap(({ identity }) => policy.mailbox(identity) ?? []);
      return { items, next: found.length > limit ? (found[limit - 1]?.identity ?? null) : null, total };
    },
    async counts(policy) {
      return (await made(policy)).counts;
    },
    async *all(policy) {
      const { list } = await made(policy);
      for (const [position, { identity }] of list.entries()) {
        if (position % SLICE === 0) await nextTurn();
        const mailbox = policy.mailbox(identity);
        if (mailbox !== undefined) yield mailbox;
      }
    },
  };
}

async function make(policy: Policy): Promise<Made> {
  const list: Listed[] = [];
  const counts = new Map<string, number>();
  for (const mailbox of policy.mailboxes()) {
    if (list.length % SLICE === SLICE - 1) await nextTurn();
    const { identity, displayName, emailAddress, extensions, sipAddresses, mailboxPolicy } = mailbox;
    const text = [identity, displayName, emailAddress ?? '', ...extensions, ...sipAddresses].join('\n').toLowerCase();
    list.push({ key: identity.toLowerCase(), identity, mailboxPolicy, text });
    counts.set(mailboxPolicy, (counts.get(mailboxPolicy) ?? 0) + 1);
  }
  return { list: await sorted(list), counts };
}

/** A merge sort that lets others run: to sort 100,000 in one go takes ten times as long as anything may. */
async function sorted(list: readonly Listed[]): Promise<readonly Listed[]> {
  let runs: Listed[][] = [];
  for (let at = 0; at < list.length; at += SLICE) {
    runs.push(list.slice(at, at + SLICE).sort((a, b) => (a.key < b.key ? -1 : 1)));
    await nextTurn();
  }
  while (runs.length > 1) {
    const merged: Listed[][] = [];
    for (let at = 0; at < runs.length; at += 2) merged.push(await merge(runs[at] ?? [], runs[at + 1] ?? []));
    runs = merged;
  }
  return runs[0] ?? [];
}

async function merge(left: readonly Listed[], right: readonly Listed[]): Promise<Listed[]> {
  const merged: Listed[] = [];
  let [l, r] = [0, 0];
  for (let a = left[l], b = right[r]; a !== undefined || b !== undefined;) {
    if (merged.length % (10 * SLICE) === 0) await nextTurn();
    if (b === undefined || (a !== undefined && a.key <= b.key)) {
      if (a !== undefined) merged.push(a);
      a = left[++l];
    } else {
      merged.push(b);
      b = right[++r];
    }
  }
  return merged;
}
