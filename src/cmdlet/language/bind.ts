import { CmdletError } from '../errors.ts';
import { didYouMean, nearest } from '../suggest.ts';
import type { Cmdlet, Parameter } from '../types.ts';
import { Bound, type BoundValue } from './bound.ts';
import type { Argument, Command, ParameterName } from './syntax.ts';
import { eatenHint, typeName, valueOf } from './values.ts';

/** What a cmdlet takes: its own parameters, and those of every cmdlet. */
export type Binding = Pick<Cmdlet, 'name' | 'parameters' | 'without'>;

function namesOf({ name, aliases }: Parameter): string[] {
  return [name, ...(aliases ?? [])].map((written) => written.toLowerCase());
}

/** By its name or an unambiguous beginning of it, in any case. @throws CmdletError */
export function parameterNamed(written: string, { name, parameters, without = {} }: Binding): Parameter {
  const wanted = written.toLowerCase();
  const exact = parameters.find((parameter) => namesOf(parameter).includes(wanted));
  if (exact !== undefined) return exact;
  const instead = Object.entries(without).find(([other]) => other.toLowerCase() === wanted)?.[1];
  if (instead !== undefined)
    throw new CmdletError(`A parameter cannot be found that matches parameter name '${written}'. ${instead}`);
  const begun = parameters.filter((parameter) => parameter.name.toLowerCase().startsWith(wanted));
  const exchanges = begun.filter(({ ours }) => ours !== true);
  const found = exchanges.length > 0 ? exchanges : begun;
  const [first] = found;
  if (found.length === 1 && first !== undefined) return first;
  if (first !== undefined) {
    const possible = found.map((parameter) => `-${parameter.name}`).join(' ');
    throw new CmdletError(
      `Parameter cannot be processed because the parameter name '${written}' is ambiguous. Possible matches include: ${possible}.`,
    );
  }
  const known = parameters.filter(({ unused }) => unused !== true).map((parameter) => parameter.name);
  const meant = nearest(written, [...known, ...parameters.map((parameter) => parameter.name)]);
  const hint =
    meant === null
      ? known.length === 0
        ? `${name} has none.`
        : `${name} has ${known.map((one) => `-${one}`).join(', ')}; Get-Help ${name} shows all.`
      : `Did you mean -${meant}?`;
  throw new CmdletError(`A parameter cannot be found that matches parameter name '${written}'. ${hint}`);
}

/** A boolean without its value is most often what a POSIX shell made of `$false` in double quotes. */
function missingValue(parameter: Parameter, next: Argument | ParameterName | undefined): CmdletError {
  const { kind } = parameter.type;
  let hint = kind === 'boolean' || kind === 'switch' ? eatenHint(parameter) : '';
  // The documentation's misprint `-ProtectUnauthenticatedVoiceMail -All`.
  if (parameter.type.kind === 'choice' && next?.kind === 'parameter') {
    const meant = nearest(next.name, parameter.type.of);
    if (meant !== null) hint = ` Did you mean -${parameter.name} ${meant}?`;
  }
  return new CmdletError(
    `Missing an argument for parameter '${parameter.name}'. Specify a parameter of type '${typeName(parameter)}' and try again.${hint}`,
  );
}

interface Named {
  readonly values: Map<string, BoundValue>;
  readonly unnamed: readonly Argument[];
}

function bindNamed(cmdlet: Binding, elements: readonly (Argument | ParameterName)[]): Named {
  const values = new Map<string, BoundValue>();
  const unnamed: Argument[] = [];
  for (let index = 0; index < elements.length; index += 1) {
    const element = elements[index];
    if (element === undefined) break;
    if (element.kind !== 'parameter') {
      refuseLooseHyphen(element, elements[index + 1], cmdlet);
      unnamed.push(element);
      continue;
    }
    const parameter = parameterNamed(element.name, cmdlet);
    if (values.has(parameter.name))
      throw new CmdletError(`Cannot bind parameter because parameter '${parameter.name}' is specified more than once.`);
    if (parameter.type.kind === 'switch' && !element.colon) {
      values.set(parameter.name, true);
      continue;
    }
    const value = elements[index + 1];
    if (value === undefined || value.kind === 'parameter') throw missingValue(parameter, value);
    values.set(parameter.name, valueOf(parameter, value));
    index += 1;
  }
  return { values, unnamed };
}

/** The documentation's misprint `- AllowSMSNotification`. */
function refuseLooseHyphen(element: Argument, next: Argument | ParameterName | undefined, cmdlet: Binding): void {
  if (element.kind !== 'word' || element.quoted || !/^[-\u2013\u2014]$/.test(element.text)) return;
  const written = next !== undefined && next.kind === 'word' ? next.text : '';
  const names = cmdlet.parameters.map(({ name }) => `-${name}`);
  throw new CmdletError(
    `A positional parameter cannot be found that accepts argument '-': a parameter's name follows its hyphen without a space.${didYouMean(`-${written}`, names)}`,
  );
}

/** Whether an argument without a name may be this parameter's: { } is for script blocks alone. */
const suits = (argument: Argument, { type }: Parameter): boolean =>
  (argument.kind === 'script') === (type.kind === 'script');

function bindUnnamed(
  cmdlet: Binding,
  values: Map<string, BoundValue>,
  unnamed: readonly Argument[],
  piped: boolean,
): void {
  const open = cmdlet.parameters
    .filter(({ name, position }) => position !== undefined && !values.has(name))
    .filter(({ fromPipeline }) => !(piped && fromPipeline === true))
    .sort((a, b) => (a.position ?? 0) - (b.position ?? 0));
  for (const argument of unnamed) {
    const index = open.findIndex((parameter) => suits(argument, parameter));
    const [parameter] = index < 0 ? [] : open.splice(index, 1);
    if (parameter === undefined) {
      const known = cmdlet.parameters.map(({ name }) => name);
      const meant = nearest(argument.text, known);
      const hint = meant === null ? 'Put a name with spaces in quotes.' : `Did you mean -${meant}?`;
      throw new CmdletError(`A positional parameter cannot be found that accepts argument '${argument.text}'. ${hint}`);
    }
    values.set(parameter.name, valueOf(parameter, argument));
  }
}

/**
 * Gives each argument to its parameter. `piped`: the cmdlet gets its objects through the pipeline.
 * @throws CmdletError in PowerShell's words
 */
export function bind(cmdlet: Binding, { elements }: Command, piped: boolean): Bound {
  const { values, unnamed } = bindNamed(cmdlet, elements);
  bindUnnamed(cmdlet, values, unnamed, piped);
  const missing = cmdlet.parameters.filter(
    ({ name, mandatory, fromPipeline }) => mandatory === true && !values.has(name) && !(piped && fromPipeline === true),
  );
  if (missing.length > 0) {
    const names = missing.map(({ name }) => name).join(' ');
    throw new CmdletError(
      `Cannot process command because of one or more missing mandatory parameters: ${names}. (${cmdlet.name})`,
    );
  }
  const taker = cmdlet.parameters.find(({ fromPipeline }) => fromPipeline === true);
  if (piped && taker !== undefined && values.has(taker.name))
    throw new CmdletError(
      `The input object cannot be bound to any parameters of ${cmdlet.name}: leave -${taker.name} out after a pipe.`,
    );
  return new Bound(values);
}
