/** Things found by mailbox; a mailbox that has none costs nothing. */
export interface ByMailbox<T> {
  add(mailbox: string, item: T): void;
  delete(mailbox: string, item: T): void;
  of(mailbox: string): Iterable<T>;
  clear(): void;
  readonly size: number;
}

export function byMailbox<T>(): ByMailbox<T> {
  const sets = new Map<string, Set<T>>();
  return {
    add(mailbox, item) {
      const known = sets.get(mailbox);
      if (known === undefined) sets.set(mailbox, new Set([item]));
      else known.add(item);
    },
    delete(mailbox, item) {
      const known = sets.get(mailbox);
      if (known?.delete(item) === true && known.size === 0) sets.delete(mailbox);
    },
    of: (mailbox) => sets.get(mailbox) ?? [],
    clear: () => sets.clear(),
    get size() {
      return sets.size;
    },
  };
}
