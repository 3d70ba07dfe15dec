import Mustache, { type OpeningAndClosingTags } from 'mustache';
import { TEMPLATE_VARIABLES, type TemplateVariable, type TemplateView } from './variables.ts';

export const TEMPLATE_PARTS = ['subject', 'text', 'html'] as const;
export type TemplatePart = (typeof TEMPLATE_PARTS)[number];

/** Longest template, in UTF-16 units. */
export const MAX_TEMPLATE_LENGTH = 64 * 1024;
/** Sections within sections. */
export const MAX_SECTION_DEPTH = 4;
/** Longest part of a mail that a template may make. */
export const MAX_RENDERED_LENGTH = 256 * 1024;
/** Text is wrapped short enough to go unencoded (RFC 5322 2.1.1), so that the stored mail can be read as it is. */
export const TEXT_WIDTH = 74;

/** A template that cannot be used, in words for who wrote it, with the line. */
export class TemplateError extends Error {
  readonly line: number;

  constructor(line: number, message: string) {
    super(`line ${line}: ${message}`);
    this.name = 'TemplateError';
    this.line = line;
  }
}

/** @throws TemplateError where what it makes is too long */
export type CompiledTemplate = (view: TemplateView) => string;

const TAGS: OpeningAndClosingTags = ['{{', '}}'];
const variables = new Map(TEMPLATE_VARIABLES.map((variable) => [variable.name, variable]));

/**
 * Makes a template of Mustache: `{{name}}`, `{{#name}}…{{/name}}` (where it is there, for each of a list),
 * `{{^name}}…{{/name}}` (where it is not), `{{! comment }}`; nothing else of it, and no variable but the known ones.
 * @param escape what every value goes through
 * @throws TemplateError
 */
export function compileTemplate(source: string, escape: (value: string) => string): CompiledTemplate {
  if (source.length > MAX_TEMPLATE_LENGTH) {
    throw new TemplateError(1, `It has ${source.length} characters; ${MAX_TEMPLATE_LENGTH} are the most.`);
  }
  // One writer for each: what it keeps in its cache goes with the template.
  const writer = new Mustache.Writer();
  check(parse(writer, source), source, [], null);
  const config = { escape: (value: unknown) => escape(String(value)), tags: TAGS };
  return (view) => {
    const rendered = writer.render(source, { ...view, wrap: () => wrapSection }, undefined, config);
    if (rendered.length > MAX_RENDERED_LENGTH) {
      throw new TemplateError(1, `It makes ${rendered.length} characters; ${MAX_RENDERED_LENGTH} are the most.`);
    }
    return rendered;
  };
}

function wrapSection(source: string, render: (source: string) => string): string {
  return render(source)
    .split('\n')
    .map((line) => wrap(line, TEXT_WIDTH).join('\n'))
    .join('\n');
}

/** Lines of at most `width` characters, broken at spaces outside parentheses; a longer piece stays whole. */
export function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  for (const word of wordsOf(text)) {
    const line = lines.at(-1);
    if (line === undefined || line.length + 1 + word.length > width) lines.push(word);
    else lines[lines.length - 1] = `${line} ${word}`;
  }
  return lines;
}

/** In one pass from the end: at a space, whether the next parenthesis closes is known. */
function wordsOf(text: string): string[] {
  const words: string[] = [];
  let end = text.length;
  let isInside = false;
  for (let at = text.length - 1; at >= 0; at -= 1) {
    const char = text[at];
    if (char === ')' || char === '(') isInside = char === ')';
    if (char !== ' ' || isInside) continue;
    words.push(text.slice(at + 1, end));
    end = at;
  }
  words.push(text.slice(0, end));
  return words.toReversed();
}

/** `[type, name, start, end, inner tokens, …]` */
type Token = readonly [string, string, number, number, (readonly Token[])?, ...unknown[]];

function parse(writer: InstanceType<typeof Mustache.Writer>, source: string): readonly Token[] {
  try {
    return writer.parse(source, TAGS);
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    const [, what = message, at] = /^(.*?)(?: at (\d+))?$/s.exec(message) ?? [];
    throw new TemplateError(lineOf(source, Number(at ?? 0)), `${what}.`);
  }
}

function check(
  tokens: readonly Token[],
  source: string,
  within: readonly TemplateVariable[],
  list: TemplateVariable | null,
): void {
  for (const [type, name, start, , inner] of tokens) {
    if (type === 'text' || type === '!') continue;
    const line = lineOf(source, start);
    if (type !== 'name' && type !== '#' && type !== '^') throw new TemplateError(line, refusal(type));
    const variable = list?.parts?.includes(name) === true ? { name, example: '' } : variables.get(name);
    if (variable === undefined) throw new TemplateError(line, unknown(name, list));
    if (type === 'name') {
      if (variable.section === true) throw new TemplateError(line, `{{${name}}} is a section: ${variable.example}.`);
      continue;
    }
    if (within.length === MAX_SECTION_DEPTH) {
      throw new TemplateError(line, `Sections stand within sections ${MAX_SECTION_DEPTH} deep at most.`);
    }
    const isList = type === '#' && variable.parts !== undefined;
    if (isList && list !== null) {
      throw new TemplateError(line, `{{#${name}}} stands within {{#${list.name}}}: a list shows its lines once.`);
    }
    const inList = isList ? variable : list;
    check(inner ?? [], source, [...within, variable], inList);
  }
}

function refusal(type: string): string {
  if (type === '&') return 'Values are always escaped: write {{name}}, with two braces and no "&".';
  if (type === '>') return 'A template takes in no other ({{> …}}).';
  return 'The tags are {{ and }}, and stay so.';
}

function unknown(name: string, list: TemplateVariable | null): string {
  const known = [...(list?.parts ?? []), ...variables.keys()];
  const meant = known.find((one) => one.toLowerCase() === name.toLowerCase());
  return meant === undefined
    ? `There is no variable "${name.slice(0, 64)}". There are ${known.filter((one) => !one.startsWith('because.')).join(', ')} and because.CAUSE.`
    : `There is no variable "${name}": it is "${meant}".`;
}

function lineOf(source: string, index: number): number {
  return source.slice(0, index).split('\n').length;
}
