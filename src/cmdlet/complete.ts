import type { Policy } from '../policy/index.ts';
import { CMDLETS } from './cmdlets/index.ts';
import { COMMON } from './cmdlets/parameters.ts';
import { CmdletError } from './errors.ts';
import { parameterNamed } from './language/bind.ts';
import { readTyped } from './language/reader.ts';
import type { Command } from './language/syntax.ts';
import { CONDITIONS, MINIMUM_RING } from './cmdlets/shapes.ts';
import type { Cmdlet, Named, Parameter } from './types.ts';

/** What may come next of a line that is being typed. */
export interface Completion {
  /** Whole words, in place of what stands from `from` to the cursor. */
  readonly candidates: readonly string[];
  readonly from: number;
}

/** More than these help nobody. */
export const MAX_CANDIDATES = 200;

const NONE = (from: number): Completion => ({ candidates: [], from });

/** Properties that conditions and formats are written with. */
const PROPERTIES: Readonly<Record<string, readonly string[]>> = {
  UMMailboxPolicy: [
    'Name',
    'UMDialPlan',
    'AllowMissedCallNotifications',
    ...Object.values(CONDITIONS).map(({ name }) => name),
    MINIMUM_RING,
  ],
  UMDialPlan: ['Name', 'URIType', 'NumberOfDigitsInExtension', 'CountryOrRegionCode', 'DefaultLanguage', 'TimeZone'],
  UMMailbox: [
    'Name',
    'DisplayName',
    'EmailAddress',
    'Extensions',
    'SIPAddresses',
    'UMDialPlan',
    'UMMailboxPolicy',
    'MissedCallNotificationEnabled',
    'Language',
    'TimeZone',
  ],
  UMCallDataRecord: ['Date', 'CallType', 'CallingNumber', 'CalledNumber', 'RingSeconds', 'Decision', 'Reason'],
};

const needsQuotes = (text: string): boolean => /[^\w.@+-]/.test(text) || text.startsWith('-');
const inQuotes = (text: string): string =>
  needsQuotes(text) ? `'${text.replaceAll(/['\u2018-\u201b]/g, '$&$&')}'` : text;

function begun(names: Iterable<string>, typed: string): string[] {
  const wanted = typed.replace(/^['"]/, '').toLowerCase();
  const found: string[] = [];
  for (const name of names) {
    if (!name.toLowerCase().startsWith(wanted)) continue;
    found.push(name);
    if (found.length === MAX_CANDIDATES) break;
  }
  return found;
}

function* identities(policy: Policy): Generator<string> {
  for (const { identity } of policy.mailboxes()) yield identity;
}

function namesOf(of: Named, policy: Policy): Iterable<string> {
  switch (of) {
    case 'cmdlet':
      return CMDLETS.map(({ name }) => name);
    case 'dialPlan':
      return policy.dialPlans.keys();
    case 'mailboxPolicy':
      return policy.mailboxPolicies.keys();
    case 'mailbox':
      return identities(policy);
    default:
      return of satisfies never;
  }
}

function valuesOf({ type }: Parameter, typed: string, policy: () => Policy): string[] {
  if (type.kind === 'boolean') return begun(['$true', '$false'], typed);
  if (type.kind === 'choice') return begun(type.of, typed);
  return type.kind === 'name' ? begun(namesOf(type.of, policy()), typed).map(inQuotes) : [];
}

const cmdletOf = ({ name: { text } }: Command): Cmdlet | undefined =>
  CMDLETS.find(({ name, aliases = [] }) => [name, ...aliases].some((one) => one.toLowerCase() === text.toLowerCase()));

function parameterOf(written: string, cmdlet: Cmdlet): Parameter | null {
  try {
    return parameterNamed(written, { ...cmdlet, parameters: [...cmdlet.parameters, ...COMMON] });
  } catch (error) {
    if (error instanceof CmdletError) return null;
    throw error;
  }
}

/** The one that takes the word without a name that stands at this position. */
function positional(cmdlet: Cmdlet, command: Command, start: number): Parameter | undefined {
  const before = command.elements.filter((element) => element.end <= start);
  const named = new Set(
    before.flatMap((element) => (element.kind === 'parameter' ? [parameterOf(element.name, cmdlet)?.name] : [])),
  );
  const loose = before.filter((element, index) => {
    if (element.kind === 'parameter') return false;
    const previous = before[index - 1];
    if (previous?.kind !== 'parameter') return true;
    return parameterOf(previous.name, cmdlet)?.type.kind === 'switch' && !previous.colon;
  });
  return cmdlet.parameters
    .filter(({ name, position }) => position !== undefined && !named.has(name))
    .sort((a, b) => (a.position ?? 0) - (b.position ?? 0))[loose.length];
}

/** The type of the objects that the first command of a pipeline puts out. */
const typeOf = (commands: readonly Command[]): string =>
  commands[0]?.name.text.replace(/^Get-/i, '').toLowerCase() ?? '';

function properties(commands: readonly Command[], typed: string): string[] {
  const type = Object.keys(PROPERTIES).find((name) => name.toLowerCase() === typeOf(commands));
  return begun(type === undefined ? [] : (PROPERTIES[type] ?? []), typed);
}

/** @param policy may throw, where the file is broken */
export function complete(text: string, policy: () => Policy): Completion {
  try {
    return completed(text, policy);
  } catch {
    return NONE(text.length);
  }
}

function completed(text: string, policy: () => Policy): Completion {
  const ofItem = /\$_\.(\w*)$/.exec(text);
  const commands = readTyped(ofItem === null ? text : text.slice(0, ofItem.index)).at(-1)?.commands ?? [];
  if (ofItem !== null) {
    const typed = ofItem[1] ?? '';
    return { candidates: properties(commands, typed), from: text.length - typed.length };
  }
  const command = commands.at(-1);
  if (command === undefined || (command.elements.length === 0 && command.name.end === text.length)) {
    const typed = command?.name.text ?? '';
    const names = begun(
      CMDLETS.map(({ name }) => name),
      typed,
    );
    return { candidates: names, from: text.length - typed.length };
  }
  const cmdlet = cmdletOf(command);
  const last = command.elements.at(-1);
  if (cmdlet === undefined) return NONE(text.length);
  // Behind a colon a value begins.
  const isOpen = last?.end === text.length && !(last.kind === 'parameter' && last.colon);
  const typed = isOpen ? text.slice(last.start) : '';
  const from = text.length - typed.length;
  if (isOpen && (last.kind === 'parameter' || typed === '-')) {
    const names = [...cmdlet.parameters, ...COMMON].map(({ name }) => `-${name}`);
    return { candidates: begun(names, typed), from };
  }
  const previous = isOpen ? command.elements.at(-2) : last;
  const named = previous?.kind === 'parameter' ? parameterOf(previous.name, cmdlet) : null;
  if (previous?.kind === 'parameter' && named === null) return NONE(from);
  const taken = named === null || (named.type.kind === 'switch' && previous?.kind === 'parameter' && !previous.colon);
  const parameter = taken ? positional(cmdlet, command, from) : named;
  if (parameter === undefined || parameter === null) return NONE(from);
  const isProperty =
    parameter.name === 'Property' || parameter.name === 'ExpandProperty' || parameter.name === 'SortBy';
  const item = /[^,\s]*$/.exec(typed)?.[0] ?? '';
  if (isProperty) return { candidates: properties(commands, item), from: text.length - item.length };
  if (parameter.type.kind === 'switch') return { candidates: begun(['$true', '$false'], typed), from };
  return { candidates: valuesOf(parameter, typed, policy), from };
}
