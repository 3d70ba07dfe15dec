import { type Argument, CmdletError } from './types.ts';

/** A longer line is refused before it is looked at. */
export const MAX_LINE_LENGTH = 10_000;

/** One word of a command line. */
export type Word =
  /** `-Identity`, `-Identity:`; with a colon the next word is its value whatever it looks like. */
  | { readonly kind: 'parameter'; readonly name: string; readonly colon: boolean }
  | { readonly kind: 'value'; readonly value: Argument; /** As it was typed. */ readonly text: string };

const CONSTANTS: Readonly<Record<string, Argument>> = { true: true, false: false, null: null };
/** PowerShell takes typographic quotes, which mails and documents make of plain ones, for those; any of a kind ends any of it. */
const SINGLE_QUOTE = /^['\u2018-\u201b]$/;
const DOUBLE_QUOTE = /^["\u201c-\u201e]$/;
const ESCAPES: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r', '0': '\0' };

/** `$true` and the like; there are no other variables here. */
function constant(name: string): Argument {
  const value = CONSTANTS[name.toLowerCase()];
  if (value !== undefined) return value;
  throw new CmdletError(
    `There is no variable $${name} here. There are $true, $false and $null; a text with "$" goes in single quotes.`,
  );
}

/** Reads one line. Words, quotes and escapes are those of PowerShell. */
class LineReader {
  readonly #line: string;
  #at = 0;

  constructor(line: string) {
    this.#line = line;
  }

  /** Each pipeline stage's words. */
  stages(): Word[][] {
    const stages: Word[][] = [[]];
    for (;;) {
      while (/\s/.test(this.#peek())) this.#at += 1;
      const next = this.#peek();
      if (next === '') return stages;
      if (next === '|') {
        this.#at += 1;
        stages.push([]);
      } else if (/[;&<>{}()@]/.test(next)) {
        throw new CmdletError(
          `"${next}" is not understood here. Put a text that holds it in quotes; give one command at a time.`,
        );
      } else stages.at(-1)?.push(this.#word());
    }
  }

  #peek(ahead = 0): string {
    return this.#line.charAt(this.#at + ahead);
  }

  #word(): Word {
    const parameter = /^[-\u2013\u2014]([A-Za-z][A-Za-z0-9]*)(:?)/.exec(this.#line.slice(this.#at));
    if (parameter !== null) {
      this.#at += parameter[0].length;
      return { kind: 'parameter', name: parameter[1] ?? '', colon: parameter[2] === ':' };
    }
    const start = this.#at;
    const value = this.#value();
    return { kind: 'value', value, text: this.#line.slice(start, this.#at) };
  }

  #value(): Argument {
    const variable = /^\$([A-Za-z_][A-Za-z0-9_]*)(?=[\s|]|$)/.exec(this.#line.slice(this.#at));
    if (variable !== null) {
      this.#at += variable[0].length;
      return constant(variable[1] ?? '');
    }
    let text = '';
    for (;;) {
      const next = this.#peek();
      if (next === '' || /[\s|;]/.test(next)) return text;
      if (SINGLE_QUOTE.test(next)) text += this.#singleQuoted();
      else if (DOUBLE_QUOTE.test(next)) text += this.#doubleQuoted();
      else {
        if (next === '`') this.#at += 1;
        text += this.#peek();
        this.#at += 1;
      }
    }
  }

  /** Nothing is special in it but two quotes, which are one. */
  #singleQuoted(): string {
    let text = '';
    for (this.#at += 1; ; this.#at += 1) {
      const next = this.#peek();
      if (next === '') throw new CmdletError("The string is missing the terminator: '.");
      if (SINGLE_QUOTE.test(next)) {
        this.#at += 1;
        if (!SINGLE_QUOTE.test(this.#peek())) return text;
      }
      text += next;
    }
  }

  /** A backtick escapes, `""` is one quote, `$true` and its like are put in. */
  #doubleQuoted(): string {
    let text = '';
    for (this.#at += 1; ; this.#at += 1) {
      const next = this.#peek();
      if (next === '') throw new CmdletError('The string is missing the terminator: ".');
      if (DOUBLE_QUOTE.test(next)) {
        this.#at += 1;
        if (!DOUBLE_QUOTE.test(this.#peek())) return text;
        text += next;
      } else if (next === '`') {
        this.#at += 1;
        text += ESCAPES[this.#peek()] ?? this.#peek();
      } else if (next === '$' && /[A-Za-z_]/.test(this.#peek(1))) {
        const name = /^[A-Za-z0-9_]+/.exec(this.#line.slice(this.#at + 1))?.[0] ?? '';
        const value = constant(name);
        text += value === null ? '' : value ? 'True' : 'False';
        this.#at += name.length;
      } else text += next;
    }
  }
}

/** The words of each stage of a pipeline. @throws CmdletError */
export function wordsOf(line: string): Word[][] {
  if (line.length > MAX_LINE_LENGTH) throw new CmdletError(`The line is longer than ${MAX_LINE_LENGTH} characters.`);
  return new LineReader(line).stages();
}
