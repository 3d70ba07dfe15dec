import { CmdletError } from '../errors.ts';
import { type Pattern, patternOf } from './pattern.ts';

/** Steps that all the -match of one command may take together: about a second. */
export const MATCH_BUDGET = 20_000_000;
/** A longer text is not looked through. */
export const MAX_MATCHED_LENGTH = 10_000;

/** Tells whether texts fit regular expressions, for `MATCH_BUDGET` steps in all. */
export class Matcher {
  readonly #patterns = new Map<string, Pattern>();
  #left = MATCH_BUDGET;

  /** @throws CmdletError */
  matches(text: string, source: string, caseSensitive: boolean): boolean {
    if (text.length > MAX_MATCHED_LENGTH)
      throw new CmdletError(`-match looks through texts of at most ${MAX_MATCHED_LENGTH} characters: use -like.`);
    const key = `${caseSensitive ? 'c' : 'i'}${source}`;
    let pattern = this.#patterns.get(key);
    if (pattern === undefined) {
      pattern = patternOf(source, caseSensitive);
      this.#patterns.set(key, pattern);
    }
    return pattern.test(text, (steps) => {
      this.#left -= steps;
      if (this.#left < 0)
        throw new CmdletError(`-match '${source}' takes too long: write a simpler pattern, or use -like.`);
    });
  }
}
