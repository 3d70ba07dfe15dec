import { CmdletError, IncompleteError } from '../errors.ts';
import type { Expression, Operator } from './syntax.ts';
import { constant, TextReader } from './text-reader.ts';

/** Parentheses and `-not` within each other. */
export const MAX_DEPTH = 50;

const OPERATORS: ReadonlySet<string> = new Set(['eq', 'gt', 'ge', 'lt', 'le', 'like', 'match', 'contains', 'in']);
const NEGATED: Readonly<Record<string, Operator>> = {
  ne: 'eq',
  notlike: 'like',
  notmatch: 'match',
  notcontains: 'contains',
  notin: 'in',
};

export interface Comparison {
  readonly operator: Operator;
  readonly negated: boolean;
  readonly caseSensitive: boolean;
}

/** `eq`, `ceq`, `notlike` (without the hyphen); null: no comparison. */
export function comparisonNamed(written: string): Comparison | null {
  const name = written.toLowerCase();
  for (const [prefix, caseSensitive] of [
    ['', false],
    ['c', true],
    ['i', false],
  ] as const) {
    if (!name.startsWith(prefix)) continue;
    const rest = name.slice(prefix.length);
    const negated = Object.hasOwn(NEGATED, rest) ? NEGATED[rest] : undefined;
    if (negated !== undefined) return { operator: negated, negated: true, caseSensitive };
    if (OPERATORS.has(rest)) return { operator: rest as Operator, negated: false, caseSensitive };
  }
  return null;
}

/** Reads `{ $_.Name -like 'P*' -and -not $_.Enabled }`: what Where-Object and ForEach-Object take. */
export class ExpressionReader extends TextReader {
  #depth = 0;
  /** Properties are written without `$_.`, as in -Filter. */
  readonly #bare: boolean;

  constructor(text: string, tolerant = false, bare = false) {
    super(text, tolerant);
    this.#bare = bare;
  }

  /** All of the text. */
  whole(): Expression {
    const expression = this.#logical();
    this.skipLines();
    if (!this.ended) this.#refuseRest('the condition');
    return expression;
  }

  /** At its `{`. */
  block(): Expression {
    this.take('{');
    this.skipLines();
    if (this.peek() === '}' || (this.ended && this.tolerant)) {
      this.take('}');
      if (this.tolerant) return { kind: 'value', value: null };
      throw new CmdletError('The script block { } is empty: write what is looked at, as in { $_.Name -like "P*" }.');
    }
    const expression = this.#logical();
    this.#end('}');
    return expression;
  }

  #end(character: string): void {
    this.skipLines();
    if (this.take(character)) return;
    if (this.ended && this.tolerant) return;
    if (this.ended) throw new IncompleteError(`Missing closing '${character}'.`);
    this.#refuseRest('{ }');
  }

  #refuseRest(where: string): never {
    const word = this.text.slice(this.at, this.at + 20).split(/\s/)[0];
    throw new CmdletError(`Unexpected "${word}" in ${where}: comparisons are joined by -and and -or.`);
  }

  #operator(names: readonly string[]): string | null {
    const { at } = this;
    this.skipLines();
    const found = this.match(/[-\u2013\u2014]([A-Za-z]+)\b/y)?.[1]?.toLowerCase();
    if (found !== undefined && names.includes(found)) return found;
    this.at = at;
    return null;
  }

  /** PowerShell: -and, -or and -xor bind alike, from left to right. */
  #logical(): Expression {
    let left = this.#negation();
    for (;;) {
      const operator = this.#operator(['and', 'or', 'xor']);
      if (operator === null) return left;
      left = { kind: 'logical', operator: operator as 'and' | 'or' | 'xor', left, right: this.#negation() };
    }
  }

  #deeper<T>(read: () => T): T {
    this.#depth += 1;
    if (this.#depth > MAX_DEPTH) throw new CmdletError(`More than ${MAX_DEPTH} conditions stand within each other.`);
    const result = read();
    this.#depth -= 1;
    return result;
  }

  #negation(): Expression {
    this.skipLines();
    if (this.take('!') || this.#operator(['not']) !== null)
      return this.#deeper(() => ({ kind: 'not', of: this.#negation() }));
    return this.#comparison();
  }

  #comparison(): Expression {
    const left = this.#list();
    const { at } = this;
    this.skipLines();
    const written = this.match(/[-\u2013\u2014]([A-Za-z]+)\b/y)?.[1];
    if (written === undefined || /^(?:and|or|xor)$/i.test(written)) {
      this.at = at;
      return left;
    }
    const comparison = comparisonNamed(written);
    if (comparison === null)
      throw new CmdletError(
        `There is no operator -${written}. There are -eq, -ne, -like, -notlike, -match, -notmatch, -gt, -ge, -lt, -le, -contains, -notcontains, -in, -notin, -and, -or and -not.`,
      );
    return { kind: 'compare', ...comparison, left, right: this.#list() };
  }

  /** One operand, or several between commas. */
  #list(): Expression {
    const items = [this.#operand()];
    for (;;) {
      const { at } = this;
      this.skipLines();
      if (!this.take(',')) {
        this.at = at;
        break;
      }
      items.push(this.#operand());
    }
    const [only] = items;
    return items.length === 1 && only !== undefined ? only : { kind: 'list', items };
  }

  #operand(): Expression {
    this.skipLines();
    const next = this.peek();
    if (next === '(') {
      this.at += 1;
      return this.#deeper(() => {
        const expression = this.#logical();
        this.#end(')');
        return expression;
      });
    }
    if (/['\u2018-\u201b]/.test(next)) return { kind: 'value', value: this.singleQuoted() };
    if (/["\u201c-\u201e]/.test(next)) return { kind: 'value', value: this.doubleQuoted() };
    const number = this.match(/-?\d+(?:\.\d+)?(?![\w.])/y);
    if (number !== null) return { kind: 'value', value: Number(number[0]) };
    const item = this.match(/\$(?:_|PSItem)(?![\w])((?:\.[A-Za-z]\w*)*)(\.?)/iy);
    if (item !== null && (item[2] === '' || this.tolerant))
      return { kind: 'property', path: (item[1] ?? '').split('.').slice(1) };
    const bare = this.#bare ? this.match(/[A-Za-z]\w*(?:\.[A-Za-z]\w*)*/y) : null;
    if (bare !== null) return { kind: 'property', path: bare[0].split('.') };
    const variable = this.match(/\$(\w+)/y);
    if (variable !== null) return { kind: 'value', value: constant(variable[1] ?? '') };
    if (this.ended && this.tolerant) return { kind: 'value', value: null };
    if (this.ended) throw new IncompleteError("Missing closing '}'.");
    const word = this.match(/[^\s(){},;|'"]+/y)?.[0] ?? next;
    throw new CmdletError(
      `"${word}" is not understood in { }: properties are written $_.Name, texts in quotes, as in { $_.Name -like 'P*' }.`,
    );
  }
}

/** A condition outside of braces: `UMMailboxPolicy -eq 'Staff'`. @throws CmdletError */
export function readCondition(text: string): Expression {
  return new ExpressionReader(text, false, true).whole();
}
