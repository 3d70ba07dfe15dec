import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { type EditResult, loadPolicy, type Policy } from '../policy/index.ts';
import { type Argument, type CmdletContext, CmdletError } from './types.ts';

/** What cmdlets share: the policy that they look at, names of objects, and the shell's words for what goes wrong. */

/** How many of a broken policy file's problems an error lists. */
const MAX_LISTED_PROBLEMS = 10;

export const shownBoolean = (value: boolean): string => (value ? 'True' : 'False');

export async function policyOf({ policyPath }: CmdletContext): Promise<Policy> {
  let text: string;
  try {
    text = await readFile(policyPath, 'utf8');
  } catch (error) {
    throw new CmdletError(`The policy file cannot be read: ${error instanceof Error ? error.message : String(error)}.`);
  }
  const loaded = loadPolicy(text);
  if (loaded.ok) return loaded.policy;
  throw new CmdletError(withProblems('The policy file has mistakes: correct them first.', policyPath, loaded.problems));
}

type Problems = Extract<ReturnType<typeof loadPolicy>, { ok: false }>['problems'];

function withProblems(message: string, path: string, problems: Problems): string {
  const listed = problems
    .slice(0, MAX_LISTED_PROBLEMS)
    .map(({ line, column, message: what, remedy }) => `  ${basename(path)}:${line}:${column} ${what} ${remedy}`);
  return [message, ...listed].join('\n');
}

export function notFound(what: string, { policyPath }: CmdletContext): CmdletError {
  return new CmdletError(
    `The operation couldn't be performed because object '${what}' couldn't be found on '${basename(policyPath)}'.`,
  );
}

/**
 * A name that was given for an object: never nothing. In Exchange `$null` and names that do not exist may stand for all
 * objects; here they are errors.
 */
export function named(parameter: string, value: Argument): string {
  if (typeof value === 'string' && value.trim() !== '') return value.trim();
  const what = value === null ? 'null' : 'an empty string';
  throw new CmdletError(`Cannot bind argument to parameter '${parameter}' because it is ${what}.`);
}

/** `*` and `?` in a name, which names cannot have: Get takes them, Set does not. */
export const hasWildcard = (name: string): boolean => /[*?]/.test(name);

export function matcher(pattern: string): RegExp {
  const source = pattern
    .replace(/[\\^$.|+()[\]{}]/g, String.raw`\$&`)
    .replace(/\*+/g, '.*')
    .replace(/\?/g, '.');
  return new RegExp(`^${source}$`, 'i');
}

/** Why an edit was refused, as the shell says it. */
export function editFailed(
  { reason, message, problems }: Extract<EditResult, { ok: false }>,
  name: string,
  context: CmdletContext,
): CmdletError {
  if (reason === 'not-found') return notFound(name, context);
  return new CmdletError(withProblems(message, context.policyPath, problems));
}
