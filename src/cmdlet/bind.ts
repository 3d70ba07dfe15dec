import { type Argument, type Bound, type Cmdlet, CmdletError, type Parameter } from './types.ts';
import type { Word } from './words.ts';

/** Taken by every cmdlet of Exchange; a gateway has no domain controller, and this one never asks. */
const COMMON: readonly Parameter[] = [
  { name: 'DomainController', type: 'text' },
  { name: 'Verbose', aliases: ['vb'], type: 'switch' },
];

function converted(parameter: Parameter, value: Argument, text: string): Argument {
  if (parameter.type === 'text') {
    if (value === null) return null;
    return typeof value === 'boolean' ? text : value;
  }
  if (typeof value === 'boolean') return value;
  if (value !== null && /^-?\d+$/.test(value)) return Number(value) !== 0;
  throw new CmdletError(
    `Cannot process argument transformation on parameter '${parameter.name}'. Cannot convert value "${text}" to type "System.Boolean". Boolean parameters accept only Boolean values and numbers, such as $True, $False, 1 or 0 instead.`,
  );
}

function namesOf({ name, aliases }: Parameter): string[] {
  return [name, ...(aliases ?? [])].map((written) => written.toLowerCase());
}

/** By its name or an unambiguous beginning of it, in any case. */
function parameterNamed(written: string, parameters: readonly Parameter[]): Parameter {
  const wanted = written.toLowerCase();
  const exact = parameters.find((parameter) => namesOf(parameter).includes(wanted));
  if (exact !== undefined) return exact;
  const found = parameters.filter(({ name }) => name.toLowerCase().startsWith(wanted));
  const [first] = found;
  if (first === undefined) {
    const known = parameters.map(({ name }) => `-${name}`).join(', ');
    throw new CmdletError(`A parameter cannot be found that matches parameter name '${written}'. There are ${known}.`);
  }
  if (found.length === 1) return first;
  const possible = found.map(({ name }) => `-${name}`).join(' ');
  throw new CmdletError(
    `Parameter cannot be processed because the parameter name '${written}' is ambiguous. Possible matches include: ${possible}.`,
  );
}

/** A boolean without its value is most often what a POSIX shell made of `$false` in double quotes. */
function missingValue({ name, type }: Parameter): CmdletError {
  const hint =
    type === 'boolean'
      ? ` Write $true or $false after it. If you did, your shell took it away: put the whole command in single quotes, as in mcg shell -c 'Set-UMMailboxPolicy … -${name} $false'.`
      : '';
  return new CmdletError(
    `Missing an argument for parameter '${name}'. Specify a parameter of type '${type === 'boolean' ? 'System.Boolean' : 'System.String'}' and try again.${hint}`,
  );
}

interface Taken {
  readonly value: Argument;
  readonly words: number;
}

/** The value of the parameter at `index`, and how many words it takes. */
function valueOf(parameter: Parameter, words: readonly Word[], index: number): Taken {
  const word = words[index];
  const hasColon = word?.kind === 'parameter' && word.colon;
  if (parameter.type === 'switch' && !hasColon) return { value: true, words: 1 };
  const next = words[index + 1];
  if (next?.kind !== 'value') throw missingValue(parameter);
  return { value: converted(parameter, next.value, next.text), words: 2 };
}

/**
 * Gives each argument to its parameter. `piped`: the cmdlet gets its object through the pipeline.
 * @throws CmdletError in PowerShell's words
 */
export function bind({ name, parameters }: Cmdlet, words: readonly Word[], piped: boolean): Bound {
  const all = [...parameters, ...COMMON];
  const bound: Record<string, Argument> = {};
  const unnamed: Extract<Word, { kind: 'value' }>[] = [];
  for (let index = 0; index < words.length;) {
    const word = words[index];
    if (word === undefined) break;
    if (word.kind === 'value') {
      unnamed.push(word);
      index += 1;
      continue;
    }
    const parameter = parameterNamed(word.name, all);
    if (parameter.name in bound) {
      throw new CmdletError(`Cannot bind parameter because parameter '${parameter.name}' is specified more than once.`);
    }
    const { value, words: taken } = valueOf(parameter, words, index);
    bound[parameter.name] = value;
    index += taken;
  }
  const open = parameters
    .filter((parameter) => parameter.position !== undefined && !(parameter.name in bound))
    .filter((parameter) => !(piped && parameter.fromPipeline === true))
    .sort((a, b) => (a.position ?? 0) - (b.position ?? 0));
  for (const { value, text } of unnamed) {
    const parameter = open.shift();
    if (parameter === undefined) {
      throw new CmdletError(
        `A positional parameter cannot be found that accepts argument '${text}'. Put a name with spaces in quotes.`,
      );
    }
    bound[parameter.name] = converted(parameter, value, text);
  }
  for (const parameter of parameters) {
    if (parameter.mandatory !== true || parameter.name in bound || (piped && parameter.fromPipeline === true)) continue;
    throw new CmdletError(
      `Cannot process command because of one or more missing mandatory parameters: ${parameter.name}. (${name})`,
    );
  }
  return bound;
}
