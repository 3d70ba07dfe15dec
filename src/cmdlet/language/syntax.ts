/** What a text of the command language is made of, as `reader.ts` gives it. Positions count characters from 0. */

export interface Span {
  readonly start: number;
  readonly end: number;
}

/** `Name`, `'a name'`, `$true`. Numbers stay texts. */
export interface Word extends Span {
  readonly kind: 'word';
  readonly value: string | boolean | null;
  /** As it was typed. */
  readonly text: string;
  readonly quoted: boolean;
}

export type Argument =
  | Word
  /** `a, b`. */
  | (Span & { readonly kind: 'list'; readonly items: readonly Word[]; readonly text: string })
  /** `@{Add='a','b'; Remove='c'}`. */
  | (Span & { readonly kind: 'table'; readonly entries: ReadonlyMap<string, readonly Word[]>; readonly text: string })
  /** `{ $_.Name -like 'P*' }`. */
  | (Span & { readonly kind: 'script'; readonly expression: Expression; readonly text: string });

/** `-Identity`, `-Identity:`: with a colon the next argument is its value, also a switch's. */
export interface ParameterName extends Span {
  readonly kind: 'parameter';
  readonly name: string;
  readonly colon: boolean;
}

export interface Command extends Span {
  readonly name: Word;
  readonly elements: readonly (Argument | ParameterName)[];
}

export interface Pipeline extends Span {
  readonly commands: readonly Command[];
}

export type Operator = 'eq' | 'gt' | 'ge' | 'lt' | 'le' | 'like' | 'match' | 'contains' | 'in';

export type Expression =
  | { readonly kind: 'value'; readonly value: string | number | boolean | null }
  | { readonly kind: 'list'; readonly items: readonly Expression[] }
  /** `$_` (no names), `$_.Name`, `$_.CmdletParameters.Name`. */
  | { readonly kind: 'property'; readonly path: readonly string[] }
  | { readonly kind: 'not'; readonly of: Expression }
  | {
      readonly kind: 'logical';
      readonly operator: 'and' | 'or' | 'xor';
      readonly left: Expression;
      readonly right: Expression;
    }
  | {
      readonly kind: 'compare';
      readonly operator: Operator;
      /** `-ne`, `-notlike`, … */
      readonly negated: boolean;
      /** `-ceq`, `-clike`, … */
      readonly caseSensitive: boolean;
      readonly left: Expression;
      readonly right: Expression;
    };
