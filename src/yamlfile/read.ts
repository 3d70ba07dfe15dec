import type { z } from 'zod';
import { parseYaml, type YamlDocument } from './document.ts';
import { schemaMistakes } from './mistakes.ts';
import type { Mistake, Path, Problem } from './types.ts';

/** More problems than this are counted, not listed. */
export const MAX_PROBLEMS = 500;

export interface ReadOptions<Schema extends z.ZodType> {
  readonly schema: Schema;
  /** A longer text is refused before it is parsed. */
  readonly maxCharacters: number;
  /** Changes the value before it is judged: variables become what they stand for. A value that has a mistake here is not judged. */
  readonly substitute?: (written: unknown) => { readonly value: unknown; readonly mistakes: readonly Mistake[] };
  /** What a schema cannot say (references, duplicates). Gets the value as it was written, right or wrong in its parts. */
  readonly check?: (written: unknown) => Iterable<Mistake>;
}

export type Reading<Value> =
  /** `document` knows where each value stands, for edits. */
  | { readonly ok: true; readonly value: Value; readonly document: YamlDocument }
  | { readonly ok: false; readonly problems: readonly Problem[] };

/** `mailboxes[3].mailboxPolicy`. */
export function pathText(path: Path): string {
  let text = '';
  for (const step of path) {
    if (typeof step === 'number') text += `[${step}]`;
    else text += text === '' ? step : `.${step}`;
  }
  return text;
}

/** Line and column, from 1, of offsets in a text: the lines are found once. */
function lineCounter(text: string): (offset: number) => { line: number; column: number } {
  const starts = [0];
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) starts.push(at + 1);
  return (offset) => {
    let low = 0;
    let high = starts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((starts[middle] ?? 0) <= offset) low = middle;
      else high = middle - 1;
    }
    return { line: low + 1, column: offset - (starts[low] ?? 0) + 1 };
  };
}

/** Messages are made as clauses and shown as sentences, with the remedy after them. */
function sentence(message: string): string {
  return /[.!?]$/.test(message) ? message : `${message}.`;
}

/** Where to point: the value, or where it is missing or empty its key, or what it should have stood in. */
function offsetOf(document: YamlDocument, { path, at }: Mistake): { offset: number; source: string } {
  const value = document.placeOf(path);
  if (value !== null && at !== 'key') {
    return { offset: value.start, source: document.text.slice(value.start, value.end) };
  }
  const key = document.placeOfKey(path);
  if (key !== null) return { offset: key.start, source: '' };
  for (let length = path.length - 1; length >= 0; length -= 1) {
    const outer = document.placeOf(path.slice(0, length));
    if (outer !== null) return { offset: outer.start, source: '' };
  }
  return { offset: 0, source: '' };
}

function placed(document: YamlDocument, mistakes: readonly Mistake[]): Problem[] {
  const lineAndColumn = lineCounter(document.text);
  const problems = mistakes.slice(0, MAX_PROBLEMS).map((mistake): Problem => {
    const { offset, source } = offsetOf(document, mistake);
    const remedy = typeof mistake.remedy === 'string' ? mistake.remedy : mistake.remedy(source);
    return { ...lineAndColumn(offset), path: pathText(mistake.path), message: sentence(mistake.message), remedy };
  });
  problems.sort((a, b) => a.line - b.line || a.column - b.column);
  const more = mistakes.length - problems.length;
  if (more > 0) {
    const remedy = `Correct these first; the first ${MAX_PROBLEMS} are listed.`;
    problems.push(fileProblem(`${more} more mistakes are not listed`, remedy));
  }
  return problems;
}

/** One problem that concerns the whole file. */
export function fileProblem(message: string, remedy: string): Problem {
  return { line: 1, column: 1, path: '', message: sentence(message), remedy };
}

/**
 * Reads a YAML text strictly: syntax, repeated and unknown keys, types, and what `check` knows. Every mistake is
 * reported at once, but for syntax errors, after which nothing else can be judged. Never throws for what is in the text.
 */
export function readYaml<Schema extends z.ZodType>(
  text: string,
  { schema, maxCharacters, substitute, check }: ReadOptions<Schema>,
): Reading<z.output<Schema>> {
  if (text.length > maxCharacters) {
    const message = `the file is ${text.length} characters long; at most ${maxCharacters} are read`;
    return { ok: false, problems: [fileProblem(message, 'Remove what is not needed.')] };
  }
  const document = parseYaml(text);
  if ('syntax' in document) {
    const lineAndColumn = lineCounter(text);
    const problems = document.syntax.map(({ offset, message, remedy }): Problem => ({
      ...lineAndColumn(offset),
      path: '',
      message: sentence(message),
      remedy,
    }));
    return { ok: false, problems };
  }
  const written = substitute?.(document.value) ?? { value: document.value, mistakes: [] };
  const parsed = schema.safeParse(written.value);
  const found = document.mistakes.concat(
    parsed.success ? [] : schemaMistakes(schema, written.value, parsed.error.issues),
  );
  if (check !== undefined) for (const mistake of check(written.value)) found.push(mistake);
  // Of a value that is not known nothing else is to be said.
  const unknown = new Set(written.mistakes.map(({ path }) => pathText(path)));
  const known = unknown.size === 0 ? found : found.filter(({ path }) => !unknown.has(pathText(path)));
  const mistakes = written.mistakes.concat(known);
  if (mistakes.length === 0 && parsed.success) return { ok: true, value: parsed.data, document };
  return { ok: false, problems: placed(document, mistakes) };
}

/** One line per problem, as a terminal shows it: `policy.yaml:12:5 mailboxes[3].mailboxPolicy: … Did you mean …?` */
export function problemLines(file: string, problems: readonly Problem[]): string[] {
  return problems.map(({ line, column, path, message, remedy }) => {
    const where = `${file}:${line}:${column}`;
    return `${where} ${path === '' ? '' : `${path}: `}${message} ${remedy}`.trimEnd();
  });
}
