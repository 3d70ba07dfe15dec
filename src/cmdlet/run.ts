import { setImmediate } from 'node:timers/promises';
import { loadPolicyFile, type Policy } from '../policy/index.ts';
import { CMDLETS } from './cmdlets/index.ts';
import { withProblems } from './cmdlets/edit.ts';
import { helpOf, mayRun } from './cmdlets/help.ts';
import { COMMON } from './cmdlets/parameters.ts';
import { CmdletError } from './errors.ts';
import { bind } from './language/bind.ts';
import type { Bound } from './language/bound.ts';
import { Matcher } from './language/match.ts';
import { read } from './language/reader.ts';
import type { Command, Pipeline } from './language/syntax.ts';
import type { Item } from './objects.ts';
import { formatted, plain } from './output/format.ts';
import { PERMISSION_TABLE } from './permissions.ts';
import { didYouMean } from './suggest.ts';
import type { Call, Cmdlet, CmdletContext, CmdletResult, Limits } from './types.ts';

/** Of a person at the machine, who can stop the command. */
export const LOCAL_LIMITS: Limits = { objects: 1_000_000, rows: 1_000_000, characters: 256_000_000, timeMs: 3_600_000 };
/** Of somebody who asks over HTTP. */
export const REMOTE_LIMITS: Limits = { objects: 100_000, rows: 1_000, characters: 1_000_000, timeMs: 20_000 };
/** Pipelines of one text. */
export const MAX_PIPELINES = 10_000;
/** No longer at a time does a command keep its thread for itself, between two objects. */
const SLICE_MS = 4;

/** A command that can be run: known, allowed, with its arguments. */
type Prepared =
  | { readonly cmdlet: Cmdlet; readonly bound: Bound; readonly scope: Call['scope'] }
  | { readonly cmdlet: Cmdlet; readonly help: true };

function unknownCmdlet({ name, elements }: Command, isFirst: boolean): CmdletError {
  const known = CMDLETS.map((cmdlet) => cmdlet.name);
  const written = name.text;
  const [next] = elements;
  // The documentation's misprint `Set UMMailbox -Identity …`.
  const together = next?.kind === 'word' ? `${written}-${next.text}` : written;
  const joined = known.find((one) => one.toLowerCase() === together.toLowerCase());
  const meant = joined === undefined ? didYouMean(written, known) : ` Did you mean ${joined}?`;
  const hint = isFirst ? ' Get-Command lists those there are.' : ' A text that holds ";" goes in quotes.';
  return new CmdletError(`The term '${written}' is not recognized as the name of a cmdlet.${meant || hint}`);
}

function cmdletOf(command: Command, isFirst: boolean): Cmdlet {
  const { value } = command.name;
  const wanted = typeof value === 'string' ? value.toLowerCase() : '';
  const found = CMDLETS.find(({ name, aliases = [] }) =>
    [name, ...aliases].some((one) => one.toLowerCase() === wanted),
  );
  if (found === undefined) throw unknownCmdlet(command, isFirst);
  return found;
}

function scopeOf(cmdlet: Cmdlet, context: CmdletContext): Call['scope'] {
  const { permission } = cmdlet;
  if (permission === null || context.caller.permissions.has(permission)) return 'all';
  if (mayRun(cmdlet, { context })) return 'own';
  throw new CmdletError(
    `You may not run ${cmdlet.name}: it takes the permission ${permission}, which comes with ${PERMISSION_TABLE[permission].join(', ')}.`,
  );
}

function prepared(command: Command, context: CmdletContext, isPiped: boolean, isFirst: boolean): Prepared {
  const cmdlet = cmdletOf(command, isFirst);
  if (command.elements.some((element) => element.kind === 'parameter' && element.name === '?'))
    return { cmdlet, help: true };
  const scope = scopeOf(cmdlet, context);
  const bound = bind({ ...cmdlet, parameters: [...cmdlet.parameters, ...COMMON] }, command, isPiped);
  return { cmdlet, bound, scope };
}

/** All of the text, before any of it is run: what is not understood runs nothing. @throws CmdletError */
function preparedText(text: string, context: CmdletContext): Prepared[][] {
  const pipelines: Pipeline[] = read(text);
  if (pipelines.length > MAX_PIPELINES)
    throw new CmdletError(`The text has more than ${MAX_PIPELINES} commands: give it in parts.`);
  return pipelines.map(({ commands }, at) =>
    commands.map((command, stage) => prepared(command, context, stage > 0, at === 0)),
  );
}

/** What one text shares: what was said, the time that it has had. */
class Session {
  readonly context: CmdletContext;
  readonly limits: Limits;
  readonly #told: Set<string>;
  readonly #endsAt: number;
  #sliceBegan: number;

  constructor(context: CmdletContext) {
    this.context = context;
    this.limits = context.limits ?? LOCAL_LIMITS;
    this.#told = context.told ?? new Set();
    this.#sliceBegan = context.now();
    this.#endsAt = this.#sliceBegan + this.limits.timeMs;
  }

  once(text: string): boolean {
    if (this.#told.has(text)) return false;
    this.#told.add(text);
    return true;
  }

  async breathe(): Promise<void> {
    const now = this.context.now();
    if (now - this.#sliceBegan < SLICE_MS) return;
    await setImmediate();
    this.#sliceBegan = this.context.now();
    this.check();
  }

  check(): void {
    if (this.context.signal?.aborted === true) throw new CmdletError('The command was stopped.');
    if (this.context.now() > this.#endsAt)
      throw new CmdletError(
        `The command takes longer than ${this.limits.timeMs / 1_000} s: ask for less at a time, or run it by mcg shell.`,
      );
  }
}

/** What one pipeline says. */
class Run {
  readonly output: string[] = [];
  readonly errors: string[] = [];
  readonly #session: Session;
  readonly #matcher = new Matcher();
  #policy: Policy | null = null;

  constructor(session: Session) {
    this.#session = session;
  }

  async pipeline(stages: readonly Prepared[]): Promise<void> {
    let items: readonly Item[] | null = null;
    for (const stage of stages) {
      this.#session.check();
      items = 'help' in stage ? helpOf(stage.cmdlet, this.#columns) : await this.#stage(stage, items);
      const { objects } = this.#session.limits;
      if (items.length > objects)
        throw new CmdletError(`${stage.cmdlet.name} puts out more than ${objects} objects: ask for fewer.`);
    }
    this.#show(items ?? []);
  }

  get #columns(): number {
    return this.#session.context.display?.columns ?? 100;
  }

  #stage({ cmdlet, bound, scope }: Extract<Prepared, { bound: Bound }>, input: readonly Item[] | null) {
    const { context } = this.#session;
    const warn = (text: string): void => void this.errors.push(`WARNING: ${text}`);
    const warnOnce = (text: string): void => {
      if (this.#session.once(text)) warn(text);
    };
    this.#tellUnused(cmdlet, bound, warnOnce);
    const call: Call = {
      cmdlet,
      bound,
      input,
      context,
      scope,
      matcher: this.#matcher,
      cmdlets: CMDLETS,
      policy: () => (this.#policy ??= policyOf(context)),
      edited: async () => {
        this.#policy = null;
        await context.onEdited?.();
      },
      limits: this.#session.limits,
      breathe: () => this.#session.breathe(),
      say: (text) => void this.output.push(plain(text)),
      warn,
      warnOnce,
    };
    return cmdlet.run(call);
  }

  #tellUnused({ parameters }: Cmdlet, bound: Bound, warnOnce: (text: string) => void): void {
    const given = [...parameters, ...COMMON].filter(({ name, unused }) => unused === true && bound.has(name));
    for (const { name } of given) warnOnce(`-${name} means nothing here and was passed over.`);
  }

  #show(items: readonly Item[]): void {
    const { limits, context } = this.#session;
    const display = context.display ?? { columns: null, colour: false };
    this.output.push(...formatted(items.slice(0, limits.rows), display));
    if (items.length > limits.rows)
      this.errors.push(`WARNING: ${items.length} objects were found; the first ${limits.rows} are shown.`);
    const { columns } = display;
    const characters = this.output.reduce((sum, line) => sum + line.length + 1, 0);
    if (characters <= limits.characters) return;
    this.output.length = 0;
    throw new CmdletError(
      `The output is longer than ${limits.characters} characters: take fewer objects (| Select-Object -First 100) or fewer of their properties${columns === null ? '' : ', or Export-Csv'}.`,
    );
  }
}

function policyOf({ policy, policyPath }: CmdletContext): Policy {
  if (policy !== undefined) return policy();
  const loaded = loadPolicyFile(policyPath);
  if (loaded.ok) return loaded.policy;
  throw new CmdletError(withProblems('The policy file cannot be used: correct it first.', policyPath, loaded.problems));
}

const lines = (texts: readonly string[]): string => texts.map((text) => `${text}\n`).join('');
/** Names that stand in them come from elsewhere: none of their characters moves a cursor or turns a line round. */
const told = (texts: readonly string[]): string => lines(texts.flatMap((text) => text.split('\n').map(plain)));

function messageOf(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  // Errors of other rooms are clauses.
  return error instanceof CmdletError
    ? text
    : `${text.charAt(0).toUpperCase()}${text.slice(1)}${text.endsWith('.') ? '' : '.'}`;
}

/**
 * Runs a text of the command language, one pipeline after the other, and tells of each as it ends. The first that goes wrong
 * is the last; a text that is not understood runs nothing. Never rejects.
 * @returns whether all went well
 */
export async function runText(
  text: string,
  context: CmdletContext,
  tell: (output: string, errors: string) => void,
): Promise<boolean> {
  let pipelines: Prepared[][];
  try {
    pipelines = preparedText(text, context);
  } catch (error) {
    tell('', told([messageOf(error)]));
    return false;
  }
  const session = new Session(context);
  for (const stages of pipelines) {
    const run = new Run(session);
    let isDone = true;
    try {
      await run.pipeline(stages);
    } catch (error) {
      isDone = false;
      run.errors.push(messageOf(error));
    }
    tell(lines(run.output), told(run.errors));
    if (!isDone) return false;
  }
  return true;
}

/**
 * Runs one line of the command language: a cmdlet, or several in a pipeline. Never rejects: what goes wrong is in
 * `errors`, in the words of the Exchange Management Shell.
 */
export async function runCmdlet(line: string, context: CmdletContext): Promise<CmdletResult> {
  let [output, errors] = ['', ''];
  const isDone = await runText(line, context, (said, wrong) => {
    output += said;
    errors += wrong;
  });
  return { exitCode: isDone ? 0 : 1, output, errors };
}
