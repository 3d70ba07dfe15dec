const NO_BREAK_SPACE = '\u00a0';

/** French sets its two-part punctuation off by a space that no line may end at; texts are written with plain ones. */
export function withNoBreakSpaces<Texts extends object>(texts: Texts): Texts {
  const entries = Object.entries(texts).map(([key, value]: [string, unknown]) => [
    key,
    typeof value === 'string' ? keptTogether(value) : withNoBreakSpaces(value as object),
  ]);
  return Object.fromEntries(entries) as Texts;
}

function keptTogether(text: string): string {
  return text.replaceAll(/ (?=[?!:;»])/g, NO_BREAK_SPACE).replaceAll('« ', `«${NO_BREAK_SPACE}`);
}
