/** A longer pattern fits nothing: names are shorter. */
export const MAX_WILDCARD_LENGTH = 256;

/** `*` and `?` in a name, which names cannot have: Get takes them, Set does not. */
export const hasWildcard = (name: string): boolean => /[*?]/.test(name);

/** Whether a text fits a pattern of `*` and `?`. Takes at most text times pattern steps, whatever they hold. */
export function fits(text: string, pattern: string): boolean {
  let at = 0;
  let wanted = 0;
  /** Where the last `*` stands, and how much of the text it has swallowed. */
  let star = -1;
  let swallowed = 0;
  while (at < text.length) {
    const next = pattern[wanted];
    if (next === '*') {
      star = wanted;
      swallowed = at;
      wanted += 1;
    } else if (wanted < pattern.length && (next === '?' || next === text[at])) {
      at += 1;
      wanted += 1;
    } else if (star >= 0) {
      swallowed += 1;
      at = swallowed;
      wanted = star + 1;
    } else return false;
  }
  while (pattern[wanted] === '*') wanted += 1;
  return wanted === pattern.length;
}

/** The same in any case. */
export const fitsInAnyCase = (text: string, pattern: string): boolean =>
  pattern.length <= MAX_WILDCARD_LENGTH && fits(text.toLowerCase(), pattern.toLowerCase());
