import {
  constructFromEvents,
  EVENT_ID,
  type Event,
  getScalarValue,
  parseEvents,
  SCALAR_STYLE,
  COLLECTION_STYLE,
  YAMLException,
} from 'js-yaml';
import { parseDocument } from 'yaml';
import { afterNode, rootNode, type YamlNode } from './nodes.ts';
import type { Mistake, Path } from './types.ts';

/** Deeper nesting is refused: no file of ours needs a third of it. */
export const MAX_DEPTH = 20;
/** Beyond this length only the first syntax error is reported: the parser that finds several needs a kilobyte of memory per line. */
export const MAX_TEXT_FOR_SEVERAL_SYNTAX_ERRORS = 1_000_000;
/** One missing bracket makes a chain of errors: after a few they teach nothing. */
export const MAX_SYNTAX_ERRORS = 10;

/** A value's own characters in the text. */
export interface Place {
  /** First character; for a quoted text the one after the quote. */
  readonly start: number;
  /** After the last character; for a list or a map the same as `start`. */
  readonly end: number;
  /** Around the quotes, where there are any. */
  readonly outerStart: number;
  readonly outerEnd: number;
  readonly kind: 'scalar' | 'sequence' | 'mapping';
  /** Written in brackets or braces, on a scalar: false. */
  readonly flow: boolean;
}

/** A document's events, which know where everything stands. Made only of what a file needs: one document, no aliases. */
export interface YamlDocument {
  readonly text: string;
  /** The plain value; where a key is repeated, the last one. */
  readonly value: unknown;
  /** Repeated keys: the document can be judged further, and is refused in the end. */
  readonly mistakes: readonly Mistake[];
  /** The value at this path; null where there is none or it is empty (`key:`). */
  readonly placeOf: (path: Path) => Place | null;
  readonly placeOfKey: (path: Path) => Place | null;
  /** What the document holds and where, for edits. */
  readonly root: YamlNode;
}

/** A mistake of syntax stands where the parser stopped. */
export interface SyntaxMistake {
  readonly offset: number;
  readonly message: string;
  readonly remedy: string;
}

type Child = { readonly key: number; readonly value: number };
type Children = ReadonlyMap<string | number, Child>;

function keyText(text: string, event: Event | undefined): string {
  return event?.type === EVENT_ID.SCALAR ? getScalarValue(text, event) : '';
}

function childrenOf(text: string, events: readonly Event[], index: number): Children {
  const children = new Map<string | number, Child>();
  const container = events[index];
  if (container?.type !== EVENT_ID.SEQUENCE && container?.type !== EVENT_ID.MAPPING) return children;
  let at = index + 1;
  while (at < events.length && events[at]?.type !== EVENT_ID.POP) {
    if (container.type === EVENT_ID.SEQUENCE) {
      children.set(children.size, { key: -1, value: at });
      at = afterNode(events, at);
    } else {
      const value = afterNode(events, at);
      children.set(keyText(text, events[at]), { key: at, value });
      at = afterNode(events, value);
    }
  }
  return children;
}

/** Finds nodes by path; remembers the children of each container it has walked, so that many look-ups cost one walk. */
class Places {
  readonly #text: string;
  readonly #events: readonly Event[];
  readonly #walked = new Map<number, Children>();

  constructor(text: string, events: readonly Event[]) {
    this.#text = text;
    this.#events = events;
  }

  find(path: Path): Child | null {
    // events[0] is the document, events[1] its root node.
    let node: Child = { key: -1, value: 1 };
    for (const step of path) {
      let children = this.#walked.get(node.value);
      if (children === undefined) {
        children = childrenOf(this.#text, this.#events, node.value);
        this.#walked.set(node.value, children);
      }
      const child = children.get(step);
      if (child === undefined) return null;
      node = child;
    }
    return node;
  }

  place(index: number): Place | null {
    const event = this.#events[index];
    if (event?.type === EVENT_ID.SCALAR) {
      const { valueStart: start, valueEnd: end, style } = event;
      if (start < 0) return null;
      const quote = style === SCALAR_STYLE.SINGLE_QUOTED || style === SCALAR_STYLE.DOUBLE_QUOTED ? 1 : 0;
      return { start, end, outerStart: start - quote, outerEnd: end + quote, kind: 'scalar', flow: false };
    }
    if (event?.type === EVENT_ID.SEQUENCE || event?.type === EVENT_ID.MAPPING) {
      const kind = event.type === EVENT_ID.SEQUENCE ? 'sequence' : 'mapping';
      const { start } = event;
      const flow = event.style === COLLECTION_STYLE.FLOW;
      return { start, end: start, outerStart: start, outerEnd: start, kind, flow };
    }
    return null;
  }
}

function repeatedKeys(text: string, events: readonly Event[]): Mistake[] {
  const found: Mistake[] = [];
  const visit = (index: number, path: (string | number)[]): number => {
    const container = events[index];
    if (container?.type !== EVENT_ID.SEQUENCE && container?.type !== EVENT_ID.MAPPING) return index + 1;
    const keys = new Set<string>();
    let position = 0;
    let at = index + 1;
    while (at < events.length && events[at]?.type !== EVENT_ID.POP) {
      let step: string | number = position;
      if (container.type === EVENT_ID.MAPPING) {
        step = keyText(text, events[at]);
        if (keys.has(step)) {
          const message = `the key ${JSON.stringify(step)} stands here a second time`;
          found.push({
            path: [...path, step],
            at: 'key',
            message,
            remedy: 'Keep one of the two and remove the other.',
          });
        }
        keys.add(step);
        at = afterNode(events, at);
      }
      at = visit(at, [...path, step]);
      position += 1;
    }
    return at + 1;
  };
  visit(1, []);
  return found;
}

/** js-yaml's own words for the mistakes that are not syntax but that we refuse, with ours. */
function refusedConstruct(text: string, events: readonly Event[]): SyntaxMistake | null {
  const documents = events.filter((event) => event.type === EVENT_ID.DOCUMENT).length;
  if (documents === 0) {
    return { offset: 0, message: 'the file is empty', remedy: 'Write the settings into it, or restore the last copy.' };
  }
  if (documents > 1) {
    const second = /^---/m.exec(text.slice(1));
    const offset = second === null ? 0 : second.index + 1;
    return { offset, message: 'the file holds more than one YAML document', remedy: 'Remove the second "---" line.' };
  }
  const alias = events.find((event) => event.type === EVENT_ID.ALIAS);
  return alias?.type === EVENT_ID.ALIAS ? aliasMistake(text, events, alias.anchorStart, alias.anchorEnd) : null;
}

/** Most who write one mean a feature code or a voicemail's number, and know of no aliases. */
function aliasMistake(text: string, events: readonly Event[], start: number, end: number): SyntaxMistake {
  const offset = start - 1;
  const name = text.slice(start, end);
  const isAnchored = events.some(
    (event) =>
      'anchorStart' in event &&
      event.type !== EVENT_ID.ALIAS &&
      text.slice(event.anchorStart, event.anchorEnd) === name,
  );
  if (!isAnchored) {
    return { offset, message: `*${name} without quotes is a YAML alias, not a text`, remedy: quoteRemedy(`*${name}`) };
  }
  return {
    offset,
    message: `the YAML alias *${name} is not taken here`,
    remedy: 'Write the value out in each place, so that each can be changed by itself.',
  };
}

const quoteRemedy = (written: string): string => `Put it in quotes: "${written}".`;

/** Kinds of syntax errors, by the parser's words for them. */
const UNCLOSED = /flow|stream|end with|closing|quote/i;
const INDENTATION = /indent|compact|implicit|same column|indicator/i;

const isIndentation = (message: string): boolean =>
  INDENTATION.test(message) && !UNCLOSED.test(message) && !/tab|tag/i.test(message);

function remedyOfSyntax(message: string): string {
  if (/escape/i.test(message)) return 'Put the text in single quotes: in double quotes a backslash is no backslash.';
  if (/tab/i.test(message)) return 'Indent with spaces; YAML takes no tabs.';
  if (/tag/i.test(message)) return 'Remove the tag (the word that starts with "!").';
  if (UNCLOSED.test(message)) return 'Close every bracket, brace and quote that was opened.';
  if (isIndentation(message)) {
    return 'Check the indentation of this line and of those above and below; put a text that holds ": " in quotes.';
  }
  return 'Correct the YAML at this place; the mistake may be on the line above or below.';
}

/** What stands right before the place where the parser stopped, where it looks like an alias: `*57` in `*57: off`. */
const ALIAS_BEFORE = /(?:^|[\s[{,])(\*[^\s[\]{},:"]+)[: \t]*$/;
/** An alias that is longer is not looked for. */
const MAX_ALIAS_BEFORE = 100;

function syntaxMistake(text: string, offset: number, message: string): SyntaxMistake {
  const alias = ALIAS_BEFORE.exec(text.slice(Math.max(0, offset - MAX_ALIAS_BEFORE), offset))?.[1];
  return {
    offset,
    message: `not YAML: ${message}`,
    remedy: alias === undefined ? remedyOfSyntax(message) : quoteRemedy(alias),
  };
}

/** One line that is indented wrongly upsets those after it: of such mistakes the first is listed, the others counted. */
function parserMistakes(text: string): SyntaxMistake[] {
  const { errors } = parseDocument(text, { prettyErrors: false, uniqueKeys: false });
  const indented = errors.filter(({ message }) => isIndentation(message));
  const more = indented.length > 1 ? `; ${indented.length - 1} more may follow from it` : '';
  return errors
    .filter((error) => error === indented[0] || !isIndentation(error.message))
    .slice(0, MAX_SYNTAX_ERRORS)
    .map((error) => {
      const { offset, message, remedy } = syntaxMistake(text, error.pos[0], error.message);
      return { offset, message: error === indented[0] ? `${message}${more}` : message, remedy };
    });
}

function syntaxMistakes(text: string, error: unknown): SyntaxMistake[] {
  const found = text.length <= MAX_TEXT_FOR_SEVERAL_SYNTAX_ERRORS ? parserMistakes(text) : [];
  // The two parsers agree on YAML but for limits and exotic corners; the stricter one has the last word.
  if (found.length === 0) {
    const offset = error instanceof YAMLException ? (error.mark?.position ?? 0) : 0;
    const message = error instanceof YAMLException ? error.reason : String(error);
    found.push(syntaxMistake(text, offset, message));
  }
  return found;
}

/** YAML 1.2 core schema: `yes` and `2020-01-01` are texts, `0010` is the number 10. */
export function parseYaml(text: string): YamlDocument | { readonly syntax: readonly SyntaxMistake[] } {
  let events: Event[];
  let value: unknown;
  let mistakes: readonly Mistake[] = [];
  try {
    events = parseEvents(text, { maxDepth: MAX_DEPTH });
    const refused = refusedConstruct(text, events);
    if (refused !== null) return { syntax: [refused] };
    try {
      value = constructFromEvents(events, { source: text })[0];
    } catch (error) {
      mistakes = repeatedKeys(text, events);
      if (mistakes.length === 0) throw error;
      value = constructFromEvents(events, { source: text, json: true })[0];
    }
  } catch (error) {
    return { syntax: syntaxMistakes(text, error) };
  }
  const places = new Places(text, events);
  const placeAt = (path: Path, part: 'key' | 'value'): Place | null => {
    const node = places.find(path);
    return node === null ? null : places.place(node[part]);
  };
  return {
    text,
    value,
    mistakes,
    placeOf: (path) => placeAt(path, 'value'),
    placeOfKey: (path) => placeAt(path, 'key'),
    root: rootNode(text, events),
  };
}
