import { CmdletError, IncompleteError } from '../errors.ts';
import { ExpressionReader } from './expression-reader.ts';
import { TextReader } from './text-reader.ts';
import type { Argument, Command, Expression, ParameterName, Pipeline, Word } from './syntax.ts';

/** A longer text is refused before it is looked at. */
export const MAX_TEXT_LENGTH = 1_000_000;

const PARAMETER = /[-\u2013\u2014](?:([A-Za-z_?][A-Za-z0-9_]*)(:?))/y;
const TABLE_KEY = /[A-Za-z_]\w*/y;

/** Reads statements: PowerShell's, as far as cmdlets in pipelines go. */
class StatementReader extends TextReader {
  pipelines(): Pipeline[] {
    const found: Pipeline[] = [];
    for (;;) {
      this.skipLines();
      while (this.take(';')) this.skipLines();
      if (this.ended) return found;
      found.push(this.#pipeline());
      this.skipBlanks();
      if (!this.ended && !this.atLineEnd && this.peek() !== ';') this.#refuse();
    }
  }

  #pipeline(): Pipeline {
    const { at: start } = this;
    const commands: Command[] = [];
    for (;;) {
      commands.push(this.#command(commands.length > 0));
      this.skipBlanks();
      // PowerShell 7: a line that begins with a pipe goes on with the one above.
      if (this.atLineEnd && this.lineAfterBeginsWith('|')) this.skipLines();
      if (!this.take('|')) return { start, end: this.at, commands };
      this.skipLines();
    }
  }

  #command(piped: boolean): Command {
    const { at: start } = this;
    if (this.ended && piped && !this.tolerant) throw new IncompleteError('An empty pipe element is not allowed.');
    if (/[|;]/.test(this.peek()) || this.atLineEnd) {
      if (!this.tolerant) throw new CmdletError('An empty pipe element is not allowed.');
      return { start, end: start, name: this.nothing(), elements: [] };
    }
    this.#refuseAssignment();
    const name = this.commandName();
    const elements: (Argument | ParameterName)[] = [];
    for (;;) {
      this.skipBlanks();
      if (this.ended || this.atLineEnd || /[|;]/.test(this.peek())) return { start, end: this.at, name, elements };
      elements.push(this.#parameter() ?? this.#argument());
    }
  }

  #refuseAssignment(): void {
    const assigned = this.match(/\$\w+\s*=(?!=)/y);
    if (assigned === null) return;
    throw new CmdletError(
      `There are no variables here, so ${assigned[0].replaceAll(/\s/g, '')} cannot be set: write the cmdlets in one pipeline, or each with its values.`,
    );
  }

  #parameter(): ParameterName | null {
    const { at: start } = this;
    const found = this.match(PARAMETER);
    if (found === null) return null;
    const [, name = '', colon = ''] = found;
    return { kind: 'parameter', name, colon: colon !== '', start, end: this.at };
  }

  #argument(): Argument {
    const { at: start } = this;
    if (this.peek() === '{') {
      const expression = this.block();
      return { kind: 'script', expression, start, end: this.at, text: this.since(start) };
    }
    if (this.peek() === '@' && this.peek(1) === '{') return this.#table(start);
    const items = this.#words();
    const [only] = items;
    if (items.length === 1 && only !== undefined) return only;
    return { kind: 'list', items, start, end: this.at, text: this.since(start) };
  }

  /** One word, or several between commas. */
  #words(): Word[] {
    const items: Word[] = [];
    for (;;) {
      if (this.ended && items.length > 0 && !this.tolerant)
        throw new IncompleteError("Missing argument in parameter list: there is nothing behind the last ','.");
      if (/[;&<>{}()@,|]/.test(this.peek()) || (items.length === 0 && this.ended)) this.#refuse();
      items.push(this.word());
      this.skipBlanks();
      if (!this.take(',')) return items;
      this.skipLines();
    }
  }

  #table(start: number): Argument {
    this.at += 2;
    const entries = new Map<string, readonly Word[]>();
    for (;;) {
      this.skipLines();
      while (this.take(';')) this.skipLines();
      if (this.take('}')) break;
      if (this.ended) {
        if (this.tolerant) break;
        throw new IncompleteError("Missing closing '}' in @{ }.");
      }
      const key = this.match(TABLE_KEY)?.[0];
      this.skipBlanks();
      if (key === undefined || !this.take('='))
        throw new CmdletError(`@{ } takes names and values, as in @{Add='1001'; Remove='1002'}.`);
      this.skipLines();
      entries.set(key.toLowerCase(), this.#words());
    }
    return { kind: 'table', entries, start, end: this.at, text: this.since(start) };
  }

  block(): Expression {
    const inner = new ExpressionReader(this.text, this.tolerant);
    inner.at = this.at;
    const expression = inner.block();
    this.at = inner.at;
    return expression;
  }

  #refuse(): never {
    const next = this.peek();
    const what =
      next === '>' || next === '<'
        ? 'Output goes into a file by | Export-Csv FILE.'
        : next === '('
          ? 'Write the value itself: there are no expressions in parentheses outside of { }.'
          : 'Put a text that holds it in quotes.';
    throw new CmdletError(`"${next}" is not understood here. ${what}`);
  }
}

/**
 * The pipelines of a text: one line, or a script.
 * @throws CmdletError; IncompleteError where the text ends within a string, a block or a pipeline
 */
export function read(text: string): Pipeline[] {
  if (text.length > MAX_TEXT_LENGTH) throw new CmdletError(`The text is longer than ${MAX_TEXT_LENGTH} characters.`);
  return new StatementReader(text).pipelines();
}

/** The same of a text that is being typed: what is open is taken as closed at its end. @throws CmdletError */
export function readTyped(text: string): Pipeline[] {
  return new StatementReader(text, true).pipelines();
}
