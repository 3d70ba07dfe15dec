/** A page of a list that is short enough to be sorted whole: plans, policies, groups. */
export function pageByName<Item>(
  items: Iterable<Item>,
  nameOf: (item: Item) => string,
  {
    after,
    limit,
    search,
  }: { readonly after?: string | undefined; readonly limit: number; readonly search?: string | undefined },
  textOf: (item: Item) => string = nameOf,
): { readonly items: Item[]; readonly next: string | null } {
  const wanted = search?.trim().toLowerCase() ?? '';
  const key = (item: Item): string => nameOf(item).toLowerCase();
  const from = after?.toLowerCase();
  const found = [...items]
    .filter(
      (item) =>
        (from === undefined || key(item) > from) && (wanted === '' || textOf(item).toLowerCase().includes(wanted)),
    )
    .sort((a, b) => (key(a) < key(b) ? -1 : 1));
  const last = found[limit - 1];
  return { items: found.slice(0, limit), next: found.length > limit && last !== undefined ? nameOf(last) : null };
}
