import type { Expression, Word } from './syntax.ts';

/** `@{Add='1003'; Remove='1001'}`. */
export interface ListChange {
  readonly add: readonly string[];
  readonly remove: readonly string[];
}

export type BoundValue =
  | string
  | number
  | boolean
  | null
  | Date
  | readonly string[]
  | ListChange
  | { readonly expression: Expression }
  | { readonly words: readonly Word[] };

/** Arguments given to their parameters, by the parameters' names in full. */
export class Bound {
  readonly #values: ReadonlyMap<string, BoundValue>;

  constructor(values: ReadonlyMap<string, BoundValue>) {
    this.#values = values;
  }

  has(name: string): boolean {
    return this.#values.has(name);
  }

  get names(): readonly string[] {
    return [...this.#values.keys()];
  }

  value(name: string): BoundValue | undefined {
    return this.#values.get(name);
  }

  /** Given, and not `$false`. */
  flag(name: string): boolean {
    return this.#values.get(name) === true;
  }

  boolean(name: string): boolean | undefined {
    const value = this.#values.get(name);
    return typeof value === 'boolean' ? value : undefined;
  }

  text(name: string): string | undefined {
    const value = this.#values.get(name);
    return typeof value === 'string' ? value : undefined;
  }

  /** Null: `$null`. */
  textOrNull(name: string): string | null | undefined {
    return this.#values.get(name) === null ? null : this.text(name);
  }

  number(name: string): number | undefined {
    const value = this.#values.get(name);
    return typeof value === 'number' ? value : undefined;
  }

  time(name: string): Date | undefined {
    const value = this.#values.get(name);
    return value instanceof Date ? value : undefined;
  }

  texts(name: string): readonly string[] | undefined {
    const value = this.#values.get(name);
    if (value === null) return [];
    return Array.isArray(value) ? value : undefined;
  }

  listChange(name: string): ListChange | undefined {
    const value = this.#values.get(name);
    return typeof value === 'object' && value !== null && 'add' in value ? value : undefined;
  }

  expression(name: string): Expression | undefined {
    const value = this.#values.get(name);
    return typeof value === 'object' && value !== null && 'expression' in value ? value.expression : undefined;
  }

  words(name: string): readonly Word[] | undefined {
    const value = this.#values.get(name);
    return typeof value === 'object' && value !== null && 'words' in value ? value.words : undefined;
  }
}
