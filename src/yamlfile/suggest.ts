/** Longer names are never compared: the cost of a comparison grows with the square of the length. */
const LONGEST_COMPARED = 80;

/** Damerau-Levenshtein (optimal string alignment): how many typing slips lie between two words. */
function slips(a: string, b: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let row = 1; row <= a.length; row += 1) {
    const current = [row];
    for (let column = 1; column <= b.length; column += 1) {
      const same = a[row - 1] === b[column - 1];
      let cost = Math.min(
        (last[column] ?? 0) + 1,
        (current[column - 1] ?? 0) + 1,
        (last[column - 1] ?? 0) + (same ? 0 : 1),
      );
      const swapped = row > 1 && column > 1 && a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1];
      if (swapped) cost = Math.min(cost, (beforeLast[column - 2] ?? 0) + 1);
      current.push(cost);
    }
    beforeLast = last;
    last = current;
  }
  return last[b.length] ?? 0;
}

/** The known name that was probably meant, or null: letters' case counts for nothing, a third of the letters may be wrong. */
export function nearest(written: string, known: Iterable<string>): string | null {
  if (written.length > LONGEST_COMPARED) return null;
  const wanted = written.toLowerCase();
  let best: string | null = null;
  // At least one letter must be right.
  let bestSlips = Math.min(Math.floor(Math.max(wanted.length, 3) / 3) + 1, Math.max(wanted.length, 1));
  for (const name of known) {
    // The difference in length is the least number of slips: most names are out before any comparison.
    if (name.length > LONGEST_COMPARED || Math.abs(name.length - wanted.length) >= bestSlips) continue;
    const distance = slips(wanted, name.toLowerCase());
    if (distance < bestSlips) {
      best = name;
      bestSlips = distance;
    }
  }
  return best;
}

/** `Did you mean "x"?`, or the other sentence where nothing is near. */
export function didYouMean(written: string, known: Iterable<string>, otherwise: string): string {
  const name = nearest(written, known);
  return name === null ? otherwise : `Did you mean ${JSON.stringify(name)}?`;
}
