import { COLLECTION_STYLE, EVENT_ID, type Event, getScalarValue, SCALAR_STYLE } from 'js-yaml';

/** How a text is written: plain, or in quotes. */
export type Quote = '' | '"' | "'";

export interface YamlPair {
  readonly name: string;
  readonly key: YamlNode;
  readonly value: YamlNode;
}

/** A node of a document, and the characters that it stands in. */
export interface YamlNode {
  readonly kind: 'scalar' | 'sequence' | 'mapping';
  /** In brackets or braces. */
  readonly flow: boolean;
  /** Nothing is written (`key:`): there are no characters. */
  readonly empty: boolean;
  /** From the quote, bracket or block indicator, where there is one; -1 where nothing is written. */
  readonly start: number;
  readonly end: number;
  /** `start`, or where its tag or anchor begins. */
  readonly outerStart: number;
  readonly quote: Quote;
  /** Of a sequence. */
  readonly items: readonly YamlNode[];
  /** Of a mapping. */
  readonly pairs: readonly YamlPair[];
}

/** The index of the event after the node that starts at `index`. */
export function afterNode(events: readonly Event[], index: number): number {
  let depth = 0;
  let at = index;
  do {
    const type = events[at]?.type;
    if (type === EVENT_ID.SEQUENCE || type === EVENT_ID.MAPPING) depth += 1;
    else if (type === EVENT_ID.POP) depth -= 1;
    at += 1;
  } while (depth > 0 && at < events.length);
  return at;
}

/** After white space, comments and any of `marks`. */
export function skipped(text: string, from: number, marks: string): number {
  let at = from;
  while (at < text.length) {
    const character = text.charAt(at);
    if (character === '#') {
      const end = text.indexOf('\n', at);
      at = end < 0 ? text.length : end;
    } else if (!/\s/.test(character) && !marks.includes(character)) break;
    at += 1;
  }
  return at;
}

/** `|` or `>` with what may follow it, at the end of its line. */
const BLOCK_HEADER = /[|>][-+0-9]*[ \t]*(?:#[^\n]*)?\r?\n$/;
const MAX_BLOCK_HEADER = 1_000;

class EventNode implements YamlNode {
  readonly #text: string;
  readonly #events: readonly Event[];
  readonly #index: number;
  #children: readonly EventNode[] | null = null;
  #end = -1;

  constructor(text: string, events: readonly Event[], index: number) {
    this.#text = text;
    this.#events = events;
    this.#index = index;
  }

  get kind(): YamlNode['kind'] {
    const type = this.#events[this.#index]?.type;
    if (type === EVENT_ID.SEQUENCE) return 'sequence';
    return type === EVENT_ID.MAPPING ? 'mapping' : 'scalar';
  }

  get flow(): boolean {
    const event = this.#events[this.#index];
    if (event?.type !== EVENT_ID.SEQUENCE && event?.type !== EVENT_ID.MAPPING) return false;
    return event.style === COLLECTION_STYLE.FLOW;
  }

  get empty(): boolean {
    const event = this.#events[this.#index];
    return event?.type === EVENT_ID.SCALAR && event.valueStart < 0;
  }

  get quote(): Quote {
    const event = this.#events[this.#index];
    if (event?.type !== EVENT_ID.SCALAR) return '';
    if (event.style === SCALAR_STYLE.SINGLE_QUOTED) return "'";
    return event.style === SCALAR_STYLE.DOUBLE_QUOTED ? '"' : '';
  }

  get start(): number {
    const event = this.#events[this.#index];
    if (event?.type === EVENT_ID.SEQUENCE || event?.type === EVENT_ID.MAPPING) return event.start;
    if (event?.type !== EVENT_ID.SCALAR || event.valueStart < 0) return -1;
    if (this.#isBlockScalar) {
      const header = BLOCK_HEADER.exec(
        this.#text.slice(Math.max(0, event.valueStart - MAX_BLOCK_HEADER), event.valueStart),
      );
      return header === null ? event.valueStart : event.valueStart - header[0].length;
    }
    return event.valueStart - this.quote.length;
  }

  get outerStart(): number {
    const event = this.#events[this.#index];
    let start = this.start;
    if (event === undefined || !('tagStart' in event)) return start;
    if (event.tagStart >= 0) start = Math.min(start, event.tagStart);
    return event.anchorStart >= 0 ? Math.min(start, event.anchorStart - 1) : start;
  }

  get end(): number {
    if (this.#end < 0) this.#end = this.#findEnd();
    return this.#end;
  }

  get items(): readonly YamlNode[] {
    return this.kind === 'sequence' ? this.#nodes() : [];
  }

  get pairs(): readonly YamlPair[] {
    if (this.kind !== 'mapping') return [];
    const nodes = this.#nodes();
    const pairs: YamlPair[] = [];
    for (let at = 0; at + 1 < nodes.length; at += 2) {
      const [key, value] = nodes.slice(at, at + 2);
      if (key !== undefined && value !== undefined) pairs.push({ name: key.#name(), key, value });
    }
    return pairs;
  }

  get #isBlockScalar(): boolean {
    const event = this.#events[this.#index];
    if (event?.type !== EVENT_ID.SCALAR) return false;
    return event.style === SCALAR_STYLE.LITERAL_BLOCK || event.style === SCALAR_STYLE.FOLDED_BLOCK;
  }

  #name(): string {
    const event = this.#events[this.#index];
    return event?.type === EVENT_ID.SCALAR ? getScalarValue(this.#text, event) : '';
  }

  /** Keys and values of a mapping in turn. */
  #nodes(): readonly EventNode[] {
    if (this.#children !== null) return this.#children;
    const children: EventNode[] = [];
    let at = this.#index + 1;
    while (at < this.#events.length && this.#events[at]?.type !== EVENT_ID.POP) {
      children.push(new EventNode(this.#text, this.#events, at));
      at = afterNode(this.#events, at);
    }
    this.#children = children;
    return children;
  }

  #findEnd(): number {
    const event = this.#events[this.#index];
    if (event?.type === EVENT_ID.SCALAR) {
      if (event.valueStart < 0) return -1;
      if (!this.#isBlockScalar) return event.valueEnd + this.quote.length;
      const content = this.#text.slice(this.start, event.valueEnd);
      return this.start + content.trimEnd().length;
    }
    const nodes = this.#nodes();
    const last = nodes.at(-1);
    let end = this.flow && last === undefined ? this.start + 1 : (last?.end ?? this.start);
    // An empty value ends behind the colon of its key.
    if (last?.empty === true) end = skipped(this.#text, nodes.at(-2)?.end ?? this.start, '') + 1;
    if (!this.flow) return end;
    return skipped(this.#text, end, ',:') + 1;
  }
}

/** The document's root node. */
export function rootNode(text: string, events: readonly Event[]): YamlNode {
  // events[0] is the document.
  return new EventNode(text, events, 1);
}
