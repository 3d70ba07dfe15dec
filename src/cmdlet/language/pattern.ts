import { CmdletError } from '../errors.ts';

/**
 * Regular expressions that take at most text times pattern steps, whatever they hold: all the ways through the pattern are
 * followed at once, none is gone back on. What cannot be done so (backreferences, looking ahead or behind) is refused.
 */

export const MAX_PATTERN_LENGTH = 200;
/** `(a{50}){50}` is short, and stands for 2,500 of them. */
export const MAX_PATTERN_STATES = 1_000;
const MAX_GROUPS_DEEP = 20;

type Test = (character: string) => boolean;
type Assertion = 'begin' | 'end' | 'boundary' | 'noBoundary';

type Tree =
  | { readonly kind: 'one'; readonly test: Test }
  | { readonly kind: 'assert'; readonly what: Assertion }
  | { readonly kind: 'all'; readonly of: readonly Tree[] }
  | { readonly kind: 'any'; readonly of: readonly Tree[] }
  | { readonly kind: 'repeat'; readonly of: Tree; readonly min: number; readonly max: number };

type State =
  | { readonly kind: 'one'; readonly test: Test }
  | { readonly kind: 'assert'; readonly what: Assertion }
  /** Goes on at each of these. */
  | { readonly kind: 'split'; readonly to: number[] }
  | { readonly kind: 'found' };

const ASSERTIONS: Readonly<Record<string, Assertion>> = {
  '^': 'begin',
  $: 'end',
  [String.raw`\A`]: 'begin',
  [String.raw`\z`]: 'end',
  [String.raw`\Z`]: 'end',
  [String.raw`\b`]: 'boundary',
  [String.raw`\B`]: 'noBoundary',
};
const CLASS = /\[\^?(?:\\.|[^\]\\])*\]/uy;
const ESCAPE = /\\(?:[dDwWsStnrfv]|x[\da-fA-F]{2}|u[\da-fA-F]{4}|[pP]\{\w+(?:=\w+)?\}|[^\w\s])/uy;
const QUANTIFIER = /(?:[*+?]|\{\d{1,4}(?:,\d{0,4})?\})/y;

class PatternReader {
  readonly #source: string;
  readonly #ignoreCase: boolean;
  #at = 0;
  #depth = 0;

  constructor(source: string, ignoreCase: boolean) {
    this.#source = source;
    this.#ignoreCase = ignoreCase;
  }

  whole(): Tree {
    const tree = this.#alternatives();
    if (this.#at < this.#source.length) this.refuse('there is a ")" too many');
    return tree;
  }

  refuse(why: string): never {
    throw new CmdletError(`-match '${this.#source}' is no regular expression that can be used here: ${why}.`);
  }

  #take(pattern: RegExp): string | null {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#source)?.[0] ?? null;
    if (found !== null) this.#at += found.length;
    return found;
  }

  #takes(text: string): boolean {
    if (!this.#source.startsWith(text, this.#at)) return false;
    this.#at += text.length;
    return true;
  }

  #alternatives(): Tree {
    const of = [this.#sequence()];
    while (this.#takes('|')) of.push(this.#sequence());
    return { kind: 'any', of };
  }

  #sequence(): Tree {
    const of: Tree[] = [];
    while (this.#at < this.#source.length && !/[|)]/.test(this.#source.charAt(this.#at))) of.push(this.#repeated());
    return { kind: 'all', of };
  }

  #repeated(): Tree {
    const one = this.#one();
    const written = this.#take(QUANTIFIER);
    if (written === null) return one;
    // Whether as few or as many are taken makes no difference to whether it fits.
    this.#takes('?');
    if (/[*+?]/.test(this.#source.charAt(this.#at))) this.refuse('two repetitions stand behind each other');
    if (one.kind === 'assert') this.refuse('there is nothing to repeat');
    if (written === '*') return { kind: 'repeat', of: one, min: 0, max: Infinity };
    if (written === '+') return { kind: 'repeat', of: one, min: 1, max: Infinity };
    if (written === '?') return { kind: 'repeat', of: one, min: 0, max: 1 };
    const [min = '0', max] = written.slice(1, -1).split(',');
    const most = max === undefined ? Number(min) : max === '' ? Infinity : Number(max);
    if (most < Number(min)) this.refuse(`${written} is the wrong way round`);
    return { kind: 'repeat', of: one, min: Number(min), max: most };
  }

  #one(): Tree {
    if (this.#takes('(')) return this.#group();
    for (const [written, what] of Object.entries(ASSERTIONS)) if (this.#takes(written)) return { kind: 'assert', what };
    if (this.#takes('.')) return { kind: 'one', test: (character) => character !== '\n' };
    const atom = this.#take(CLASS) ?? this.#take(ESCAPE);
    if (atom !== null) return { kind: 'one', test: this.#testOf(atom) };
    const character = this.#take(/[^\\[*+?(){]/uy) ?? this.#take(/\{(?!\d+,?\d*\})/uy);
    if (character === null) this.#unknown();
    return { kind: 'one', test: this.#testOf(character.replaceAll(/[\\^$.|+()[\]{}/*?-]/g, String.raw`\$&`)) };
  }

  #unknown(): never {
    const rest = this.#source.slice(this.#at);
    if (/^\\[1-9k]/.test(rest)) this.refuse('references to a group are not taken');
    if (rest.startsWith('[')) this.refuse('a "]" is missing');
    if (/^[*+?{]/.test(rest)) this.refuse('there is nothing to repeat');
    this.refuse(`"${rest.slice(0, 2)}" is not understood`);
  }

  #group(): Tree {
    if (this.#takes('?')) {
      if (this.#take(/:|<[A-Za-z]\w*>/y) === null)
        this.refuse('of (?…) there are groups without a number alone, as in (?:a|b)');
    }
    this.#depth += 1;
    if (this.#depth > MAX_GROUPS_DEEP) this.refuse(`more than ${MAX_GROUPS_DEEP} groups stand within each other`);
    const tree = this.#alternatives();
    this.#depth -= 1;
    if (!this.#takes(')')) this.refuse('a ")" is missing');
    return tree;
  }

  /** One character against one class: nothing to go back on, so the platform's own can be asked. */
  #testOf(atom: string): Test {
    let single: RegExp;
    try {
      single = new RegExp(`^${atom}$`, this.#ignoreCase ? 'iu' : 'u');
    } catch {
      this.refuse(`"${atom}" is not understood`);
    }
    const known = new Map<string, boolean>();
    return (character) => {
      let fits = known.get(character);
      if (fits === undefined) {
        fits = single.test(character);
        if (known.size < 1_000) known.set(character, fits);
      }
      return fits;
    };
  }
}

/** A pattern as numbered states. */
class Program {
  readonly states: State[] = [];
  readonly #refuse: () => never;

  constructor(refuse: () => never) {
    this.#refuse = refuse;
  }

  add(state: State): number {
    if (this.states.length >= MAX_PATTERN_STATES) this.#refuse();
    return this.states.push(state) - 1;
  }

  /** What follows stands behind. */
  build(tree: Tree): void {
    switch (tree.kind) {
      case 'one':
      case 'assert':
        this.add(tree);
        return;
      case 'all':
        for (const part of tree.of) this.build(part);
        return;
      case 'any':
        this.#buildAny(tree.of);
        return;
      case 'repeat':
        this.#buildRepeat(tree);
        return;
      default:
        return tree satisfies never;
    }
  }

  #buildAny(of: readonly Tree[]): void {
    if (of.length === 1) {
      for (const only of of) this.build(only);
      return;
    }
    const fork: State = { kind: 'split', to: [] };
    const joins: { kind: 'split'; to: number[] }[] = [];
    this.add(fork);
    for (const part of of) {
      fork.to.push(this.states.length);
      this.build(part);
      const join = { kind: 'split' as const, to: [] as number[] };
      this.add(join);
      joins.push(join);
    }
    for (const join of joins) join.to.push(this.states.length);
  }

  #buildRepeat({ of, min, max }: Extract<Tree, { kind: 'repeat' }>): void {
    for (let count = 0; count < min; count += 1) this.build(of);
    if (max === Infinity) {
      const fork: State = { kind: 'split', to: [] };
      const start = this.add(fork);
      fork.to.push(start + 1);
      this.build(of);
      this.add({ kind: 'split', to: [start] });
      fork.to.push(this.states.length);
      return;
    }
    const forks: { kind: 'split'; to: number[] }[] = [];
    for (let count = min; count < max; count += 1) {
      const fork = { kind: 'split' as const, to: [] as number[] };
      fork.to.push(this.add(fork) + 1);
      forks.push(fork);
      this.build(of);
    }
    for (const fork of forks) fork.to.push(this.states.length);
  }
}

const isWord = (character: string | undefined): boolean => character !== undefined && /\w/.test(character);

function holds(what: Assertion, characters: readonly string[], at: number): boolean {
  if (what === 'begin') return at === 0;
  if (what === 'end') return at === characters.length || (at === characters.length - 1 && characters[at] === '\n');
  return (isWord(characters[at - 1]) !== isWord(characters[at])) === (what === 'boundary');
}

export interface Pattern {
  /** Whether some part of the text fits. `spend` is told of the steps as they are made, and may throw. */
  test(text: string, spend: (steps: number) => void): boolean;
}

/** @throws CmdletError */
export function patternOf(source: string, caseSensitive: boolean): Pattern {
  if (source.length > MAX_PATTERN_LENGTH)
    throw new CmdletError(`-match takes patterns of at most ${MAX_PATTERN_LENGTH} characters.`);
  const reader = new PatternReader(source, !caseSensitive);
  const program = new Program(() => reader.refuse('its repetitions stand for too much'));
  program.build(reader.whole());
  program.add({ kind: 'found' });
  return { test: (text, spend) => runs(program.states, text, spend) };
}

/** Follows all ways at once, from every place of the text on. */
function runs(states: readonly State[], text: string, spend: (steps: number) => void): boolean {
  const characters = Array.from(text);
  const seenAt = new Int32Array(states.length).fill(-1);
  let current: number[] = [];
  for (let at = 0; at <= characters.length; at += 1) {
    const open = [...current, 0].toReversed();
    const waiting: number[] = [];
    for (let index = open.pop(); index !== undefined; index = open.pop()) {
      if (seenAt[index] === at) continue;
      seenAt[index] = at;
      const state = states[index];
      if (state === undefined) continue;
      if (state.kind === 'found') return true;
      if (state.kind === 'split') open.push(...state.to);
      else if (state.kind === 'one') waiting.push(index);
      else if (holds(state.what, characters, at)) open.push(index + 1);
    }
    spend(waiting.length + 1);
    const character = characters[at];
    if (character === undefined) return false;
    current = [];
    for (const index of waiting) {
      const state = states[index];
      if (state?.kind === 'one' && state.test(character)) current.push(index + 1);
    }
  }
  return false;
}
