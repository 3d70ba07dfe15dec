/** A longer word is compared with none: the cost grows with the square of the length. */
const LONGEST_COMPARED = 64;
/** How many letters of a word there are to one slip. */
const LETTERS_PER_SLIP = 4;

/** Levenshtein: how many letters must be changed, put in or left out. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let i = 1; i <= a.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const replaced = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(replaced, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}

/** The documentation's misprints are in the hyphens: `RemoveUMDialplan`, `Set-UMMailbox-`. */
const letters = (name: string): string => name.toLowerCase().replaceAll('-', '');

/** The known name that was probably meant, whatever its case and hyphens; null where none is near. */
export function nearest(written: string, known: Iterable<string>): string | null {
  const wanted = letters(written);
  if (wanted === '' || wanted.length > LONGEST_COMPARED) return null;
  let best: string | null = null;
  let bestSlips = Math.floor(wanted.length / LETTERS_PER_SLIP) + 2;
  for (const name of known) {
    const candidate = letters(name);
    if (Math.abs(candidate.length - wanted.length) >= bestSlips || candidate.length > LONGEST_COMPARED) continue;
    const slips = distance(wanted, candidate);
    // One letter at least must be right.
    if (slips >= bestSlips || slips >= Math.max(wanted.length, candidate.length)) continue;
    best = name;
    bestSlips = slips;
  }
  return best;
}

/** ` Did you mean Set-UMMailbox?`, to be put behind an error; nothing where no known name is near. */
export function didYouMean(written: string, known: Iterable<string>): string {
  const name = nearest(written, known);
  return name === null ? '' : ` Did you mean ${name}?`;
}
