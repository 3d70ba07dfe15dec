import { bind } from './bind.ts';
import { changeMailbox, getMailbox } from './mailbox.ts';
import { changeMailboxPolicy, getMailboxPolicy } from './mailbox-policy.ts';
import {
  type Cmdlet,
  type CmdletContext,
  CmdletError,
  type CmdletResult,
  type PipedObject,
  type Run,
} from './types.ts';
import { type Word, wordsOf } from './words.ts';

const CMDLETS: readonly Cmdlet[] = [getMailboxPolicy, changeMailboxPolicy, getMailbox, changeMailbox];

function cmdletNamed(word: Word | undefined): Cmdlet {
  const written =
    word?.kind === 'value' && typeof word.value === 'string' ? word.value : word && 'name' in word ? word.name : '';
  const found = CMDLETS.find(({ name }) => name.toLowerCase() === written.toLowerCase());
  if (found !== undefined) return found;
  const known = CMDLETS.map(({ name }) => name).join(', ');
  throw new CmdletError(`The term '${written}' is not recognized as the name of a cmdlet. There are ${known}.`);
}

/** As PowerShell's Format-Table: a heading, a rule, a line for each object. */
function table(objects: readonly PipedObject[]): string[] {
  const names = Object.keys(objects[0]?.columns ?? {});
  const widths = names.map((name) =>
    Math.max(name.length, ...objects.map(({ columns }) => (columns[name] ?? '').length)),
  );
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join(' ')
      .trimEnd();
  const rows = objects.map(({ columns }) => line(names.map((name) => columns[name] ?? '')));
  return [line(names), line(names.map((name) => '-'.repeat(name.length))), ...rows];
}

/** One stage of a pipeline: once, or once for each object of the stage before. */
async function runStage(
  words: readonly Word[],
  input: readonly PipedObject[] | null,
  run: Run,
): Promise<PipedObject[]> {
  const [first, ...rest] = words;
  if (first === undefined) throw new CmdletError('An empty pipe element is not allowed.');
  const cmdlet = cmdletNamed(first);
  const bound = bind(cmdlet, rest, input !== null);
  if ('DomainController' in bound) run.warn('-DomainController means nothing here and was passed over.');
  if (input === null) return [...(await cmdlet.run(bound, run))];
  const taker = cmdlet.parameters.find(({ fromPipeline }) => fromPipeline === true)?.name;
  if (taker === undefined || taker in bound) {
    throw new CmdletError(
      `The input object cannot be bound to any parameters of ${cmdlet.name}: leave -${taker ?? 'Identity'} out after a pipe.`,
    );
  }
  const output: PipedObject[] = [];
  for (const { identity } of input) output.push(...(await cmdlet.run({ ...bound, [taker]: identity }, run)));
  return output;
}

const lines = (texts: readonly string[]): string => texts.map((text) => `${text}\n`).join('');

/**
 * Runs one line of the command language: a cmdlet, or several in a pipeline. Never rejects: what goes wrong is in
 * `errors`, in the words of the Exchange Management Shell.
 */
export async function runCmdlet(line: string, context: CmdletContext): Promise<CmdletResult> {
  const output: string[] = [];
  const errors: string[] = [];
  const run: Run = {
    context,
    say: (text) => void output.push(text),
    warn: (text) => void errors.push(`WARNING: ${text}`),
  };
  let exitCode = 0;
  try {
    const stages = wordsOf(line);
    const nothing = stages.length === 1 && stages[0]?.length === 0;
    let objects: PipedObject[] | null = null;
    if (!nothing) for (const words of stages) objects = await runStage(words, objects, run);
    if (objects !== null && objects.length > 0) output.push(...table(objects));
  } catch (error) {
    exitCode = 1;
    errors.push(error instanceof Error ? error.message : String(error));
  }
  return { exitCode, output: lines(output), errors: lines(errors) };
}
