import { CmdletError, IncompleteError } from '../errors.ts';
import type { Word } from './syntax.ts';

const CONSTANTS: ReadonlyMap<string, boolean | null> = new Map<string, boolean | null>([
  ['true', true],
  ['false', false],
  ['null', null],
]);
/** PowerShell takes typographic quotes, which mails and documents make of plain ones, for those; any of a kind ends any of it. */
const SINGLE_QUOTE = /^['\u2018-\u201b]$/;
const DOUBLE_QUOTE = /^["\u201c-\u201e]$/;
const ESCAPES: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r', '0': '\0' };
/** What ends a word that stands in no quotes. */
const WORD_END = /[\s|;,{}()&<>]/;

/** `$true` and the like; there are no other variables here. */
export function constant(name: string): boolean | null {
  const value = CONSTANTS.get(name.toLowerCase());
  if (value !== undefined) return value;
  throw new CmdletError(
    `There is no variable $${name} here. There are $true, $false and $null; a text with "$" goes in single quotes.`,
  );
}

/** Reads words, quotes and blanks as PowerShell does. */
export class TextReader {
  readonly text: string;
  /** The text is being typed: its end closes what is open. */
  readonly tolerant: boolean;
  at = 0;

  constructor(text: string, tolerant = false) {
    this.text = text;
    this.tolerant = tolerant;
  }

  get ended(): boolean {
    return this.at >= this.text.length;
  }

  get atLineEnd(): boolean {
    return /[\r\n]/.test(this.peek());
  }

  peek(ahead = 0): string {
    return this.text.charAt(this.at + ahead);
  }

  take(character: string): boolean {
    if (this.peek() !== character) return false;
    this.at += 1;
    return true;
  }

  /** @param pattern sticky */
  match(pattern: RegExp): RegExpExecArray | null {
    pattern.lastIndex = this.at;
    const found = pattern.exec(this.text);
    if (found !== null) this.at = pattern.lastIndex;
    return found;
  }

  since(start: number): string {
    return this.text.slice(start, this.at);
  }

  nothing(): Word {
    return { kind: 'word', value: '', text: '', quoted: false, start: this.at, end: this.at };
  }

  /** Blanks, a backtick at the end of a line with that end, comments. */
  skipBlanks(): void {
    for (;;) {
      if (this.match(/(?:[^\S\r\n]|`\r?\n)+/y) !== null) continue;
      if (this.match(/<#[^]*?#>/y) !== null) continue;
      if (this.peek() !== '#') break;
      this.match(/#[^\r\n]*/y);
    }
    // The next line of what is being typed is still to come.
    if (!this.tolerant && this.peek() === '`' && this.at + 1 === this.text.length)
      throw new IncompleteError('The line ends in a backtick, and no other follows.');
  }

  skipLines(): void {
    do this.skipBlanks();
    while (this.match(/[\r\n]+/y) !== null);
  }

  lineAfterBeginsWith(character: string): boolean {
    const { at } = this;
    this.skipLines();
    const found = this.peek() === character;
    this.at = at;
    return found;
  }

  /** A command's name stands as it is: `?`, `%`, `Set-UMMailbox-`. */
  commandName(): Word {
    return this.word();
  }

  /** At least one character, whatever it is. */
  word(): Word {
    const { at: start } = this;
    const quoted = SINGLE_QUOTE.test(this.peek()) || DOUBLE_QUOTE.test(this.peek());
    const value = this.#variable() ?? { value: this.#wordText() };
    return { kind: 'word', ...value, quoted, start, end: this.at, text: this.since(start) };
  }

  #variable(): { readonly value: boolean | null } | null {
    const { at } = this;
    const found = this.match(/\$([A-Za-z_][A-Za-z0-9_]*)(?=[\s|;,{}()]|$)/y);
    if (found === null) return null;
    const name = found[1] ?? '';
    if (!this.tolerant || CONSTANTS.has(name.toLowerCase())) return { value: constant(name) };
    // `$fa`, on its way to `$false`.
    this.at = at;
    return null;
  }

  #wordText(): string {
    let text = '';
    const { at: start } = this;
    for (;;) {
      const next = this.peek();
      if (next === '' || (WORD_END.test(next) && this.at > start)) return text;
      if (SINGLE_QUOTE.test(next)) text += this.singleQuoted();
      else if (DOUBLE_QUOTE.test(next)) text += this.doubleQuoted();
      else {
        if (next === '`') this.at += 1;
        text += this.peek();
        this.at += 1;
      }
    }
  }

  /** Nothing is special in it but two quotes, which are one. */
  singleQuoted(): string {
    let text = '';
    for (this.at += 1; ; this.at += 1) {
      const next = this.peek();
      if (next === '') return this.#unended("'", text);
      if (SINGLE_QUOTE.test(next)) {
        this.at += 1;
        if (!SINGLE_QUOTE.test(this.peek())) return text;
      }
      text += next;
    }
  }

  /** A backtick escapes, `""` is one quote, `$true` and its like are put in. */
  doubleQuoted(): string {
    let text = '';
    for (this.at += 1; ; this.at += 1) {
      const next = this.peek();
      if (next === '') return this.#unended('"', text);
      if (DOUBLE_QUOTE.test(next)) {
        this.at += 1;
        if (!DOUBLE_QUOTE.test(this.peek())) return text;
        text += next;
      } else if (next === '`') {
        this.at += 1;
        text += ESCAPES[this.peek()] ?? this.peek();
      } else if (next === '$' && /[A-Za-z_({]/.test(this.peek(1))) {
        const name = /^[A-Za-z0-9_]*/.exec(this.text.slice(this.at + 1))?.[0] ?? '';
        const value = constant(name);
        text += value === null ? '' : value ? 'True' : 'False';
        this.at += name.length;
      } else text += next;
    }
  }

  #unended(quote: string, text: string): string {
    if (this.tolerant) return text;
    throw new IncompleteError(`The string is missing the terminator: ${quote}.`);
  }
}
