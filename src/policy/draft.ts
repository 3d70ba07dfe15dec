import { isDeepStrictEqual } from 'node:util';
import type { PolicyKind } from './change.ts';
import { DEFAULT_POLICY_SUFFIX } from './limits.ts';
import type { ENTRY_SCHEMAS } from './schema.ts';

/** The file's lists while an edit is made of them: entries by name, and who refers to whom. */

export type Fields = Readonly<Record<string, unknown>>;
export type ListName = keyof typeof ENTRY_SCHEMAS;

export const KINDS = {
  dialPlan: { list: 'dialPlans', key: 'name', what: 'dial plan' },
  mailboxPolicy: { list: 'mailboxPolicies', key: 'name', what: 'mailbox policy' },
  mailbox: { list: 'mailboxes', key: 'identity', what: 'mailbox' },
  group: { list: 'groups', key: 'identity', what: 'group' },
} as const satisfies Record<PolicyKind, { list: ListName; key: string; what: string }>;

export const POLICY_KINDS = Object.keys(KINDS) as readonly PolicyKind[];

export interface Item {
  readonly kind: PolicyKind;
  /** Its position in the file; -1 where it is new. */
  readonly origin: number;
  /** As the file has it. */
  readonly before: Fields | null;
  fields: Fields;
  removed: boolean;
  /** The default policy of a dial plan, which the file had without saying so. */
  readonly implicit: boolean;
  /** The name under which it came in. */
  readonly firstName: string;
}

export const textOf = (value: unknown): string => (typeof value === 'string' ? value : '');
export const keyOf = (name: unknown): string => textOf(name).toLowerCase();
export const nameOf = ({ kind, fields }: Pick<Item, 'kind' | 'fields'>): string => textOf(fields[KINDS[kind].key]);

type Index = Map<string, Set<Item>>;

function add(index: Index, key: string, item: Item): void {
  const items = index.get(key);
  if (items === undefined) index.set(key, new Set([item]));
  else items.add(item);
}

const NOBODY: ReadonlySet<Item> = new Set();

export class Draft {
  readonly items: Readonly<Record<PolicyKind, Item[]>> = { dialPlan: [], mailboxPolicy: [], mailbox: [], group: [] };
  readonly #names: Readonly<Record<PolicyKind, Map<string, Item>>> = {
    dialPlan: new Map(),
    mailboxPolicy: new Map(),
    mailbox: new Map(),
    group: new Map(),
  };
  /** Name, in lower case, of a dial plan to its policies and groups; of a policy to its mailboxes; of a mailbox to its groups. */
  readonly #users = { dialPlan: new Map(), mailboxPolicy: new Map(), mailbox: new Map(), group: new Map() } as Readonly<
    Record<PolicyKind, Index>
  >;

  /** @param root a file without mistakes */
  constructor(root: Fields) {
    for (const kind of POLICY_KINDS) {
      const entries = (root[KINDS[kind].list] ?? []) as readonly Fields[];
      entries.forEach((fields, origin) => {
        this.#insert(kind, origin, fields, false);
      });
    }
  }

  find(kind: PolicyKind, name: string): Item | undefined {
    return this.#names[kind].get(name.toLowerCase());
  }

  /** Those of this kind that refer to this name. */
  users(of: PolicyKind, name: string, kind: PolicyKind): Item[] {
    return [...(this.#users[of].get(name.toLowerCase()) ?? NOBODY)].filter((item) => item.kind === kind);
  }

  /** The dial plan whose default policy has this name without being written in the file. */
  planOfDefault(name: string): Item | undefined {
    if (!name.toLowerCase().endsWith(DEFAULT_POLICY_SUFFIX.toLowerCase())) return undefined;
    if (this.find('mailboxPolicy', name) !== undefined) return undefined;
    const plan = this.find('dialPlan', name.slice(0, -DEFAULT_POLICY_SUFFIX.length));
    if (plan === undefined) return undefined;
    for (const { kind } of this.#users.dialPlan.get(nameOf(plan).toLowerCase()) ?? NOBODY)
      if (kind === 'mailboxPolicy') return undefined;
    return plan;
  }

  create(kind: PolicyKind, fields: Fields, implicit = false): Item {
    return this.#insert(kind, -1, fields, implicit);
  }

  /** Writes out the policy that the dial plan has by default. */
  writeDefault(plan: Item): Item {
    const dialPlan = nameOf(plan);
    const name = `${dialPlan}${DEFAULT_POLICY_SUFFIX}`;
    return this.create('mailboxPolicy', { name, dialPlan, allowMissedCallNotifications: true }, plan.origin >= 0);
  }

  change(item: Item, fields: Fields): void {
    this.#unlink(item);
    item.fields = fields;
    this.#link(item);
  }

  remove(item: Item): void {
    this.#unlink(item);
    item.removed = true;
  }

  #insert(kind: PolicyKind, origin: number, fields: Fields, implicit: boolean): Item {
    const before = origin < 0 ? null : fields;
    const firstName = nameOf({ kind, fields });
    const item: Item = { kind, origin, before, fields, removed: false, implicit, firstName };
    this.items[kind].push(item);
    this.#link(item);
    return item;
  }

  #link(item: Item): void {
    this.#names[item.kind].set(nameOf(item).toLowerCase(), item);
    for (const [kind, key] of this.#references(item)) add(this.#users[kind], key, item);
  }

  #unlink(item: Item): void {
    this.#names[item.kind].delete(nameOf(item).toLowerCase());
    for (const [kind, key] of this.#references(item)) this.#users[kind].get(key)?.delete(item);
  }

  #references({ kind, fields }: Item): (readonly [PolicyKind, string])[] {
    switch (kind) {
      case 'dialPlan':
        return [];
      case 'mailboxPolicy':
        return [['dialPlan', keyOf(fields['dialPlan'])]];
      case 'mailbox':
        return [['mailboxPolicy', keyOf(fields['mailboxPolicy'])]];
      case 'group': {
        const members = Array.isArray(fields['members']) ? fields['members'] : [];
        const mailboxes = [...members, fields['mailbox']].map((name) => ['mailbox', keyOf(name)] as const);
        return [['dialPlan', keyOf(fields['dialPlan'])], ...mailboxes];
      }
    }
  }
}

export function isChanged(item: Item): boolean {
  return item.removed || item.before === null || !isDeepStrictEqual(item.before, item.fields);
}
