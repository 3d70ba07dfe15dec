import { CmdletError } from '../errors.ts';
import { fitsInAnyCase, hasWildcard } from '../language/wildcard.ts';
import type { Item } from '../objects.ts';
import { PERMISSION_TABLE } from '../permissions.ts';
import { didYouMean } from '../suggest.ts';
import type { Call, Cmdlet, Parameter } from '../types.ts';
import { unusedSwitches } from './parameters.ts';

function valueText({ type }: Parameter): string {
  switch (type.kind) {
    case 'switch':
      return '';
    case 'boolean':
      return '<$true | $false>';
    case 'integer':
      return `<${type.min} to ${type.max >= 2_147_483_647 ? '…' : type.max}${type.unlimited === true ? ' | Unlimited' : ''}>`;
    case 'choice':
      return `<${type.of.join(' | ')}>`;
    case 'texts':
      return "<'…','…'>";
    case 'time':
      return '<date>';
    case 'script':
      return '<{ … }>';
    case 'name':
      return '<name>';
    case 'text':
    case 'value':
      return '<value>';
    default:
      return type satisfies never;
  }
}

function syntaxOf({ name, position, mandatory, type }: Parameter): string {
  return valueText({ name, type, says: '' }) === ''
    ? `[-${name}]`
    : withBrackets(
        `${position === undefined ? `-${name}` : `[-${name}]`} ${valueText({ name, type, says: '' })}`,
        mandatory,
      );
}

const withBrackets = (text: string, mandatory: true | undefined): string => (mandatory === true ? text : `[${text}]`);

/** Words on lines of at most so many characters, behind a margin. */
function wrapped(text: string, margin: string, columns = 100): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && margin.length + line.length + 1 + word.length > columns) {
      lines.push(margin + line);
      line = word;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  return [...lines, margin + line];
}

function parameterLines(parameter: Parameter): string[] {
  const { name, aliases = [], byDefault, mandatory, fromPipeline, ours, says } = parameter;
  const facts = [
    ...(mandatory === true ? ['mandatory'] : []),
    ...(byDefault === undefined ? [] : [`default ${byDefault}`]),
    ...(fromPipeline === true ? ['takes what comes through a pipe'] : []),
    ...(aliases.length === 0 ? [] : [`also ${aliases.map((alias) => `-${alias}`).join(', ')}`]),
    ...(ours === true ? ['not in Exchange'] : []),
  ];
  const head = `    -${name} ${valueText(parameter)}`.trimEnd();
  const tail = facts.length === 0 ? '' : ` (${facts.join('; ')})`;
  return [head, ...wrapped(`${says}${tail}`, '        ')];
}

function roles({ permission, self }: Cmdlet): string {
  if (permission === null) return 'Everybody.';
  const who = PERMISSION_TABLE[permission].join(', ');
  return `${who}${self === true ? '; everybody for the own mailbox' : ''}. (${permission})`;
}

const section = (title: string, lines: readonly string[]): string[] =>
  lines.length === 0 ? [] : ['', title, ...lines];

function pageOf(cmdlet: Cmdlet, columns: number): string[] {
  const used = cmdlet.parameters.filter(({ unused }) => unused !== true);
  const unused = cmdlet.parameters.filter((parameter) => parameter.unused === true);
  const names = [cmdlet.name, ...(cmdlet.aliases ?? [])].join(', ');
  return [
    'NAME',
    `    ${names}`,
    ...section('SYNOPSIS', wrapped(cmdlet.synopsis, '    ', columns)),
    ...section('SYNTAX', wrapped([cmdlet.name, ...used.map(syntaxOf)].join(' '), '    ', columns)),
    ...section('PARAMETERS', used.flatMap(parameterLines)),
    ...section(
      'TAKEN, WITHOUT A MEANING HERE',
      unused.length === 0 ? [] : wrapped(unused.map(({ name }) => `-${name}`).join(', '), '    ', columns),
    ),
    ...section(
      'EXAMPLES',
      cmdlet.examples.flatMap(({ line, says }) => [`    ${line}`, `        ${says}`]),
    ),
    ...section(
      'NOTES',
      (cmdlet.notes ?? []).flatMap((note) => wrapped(note, '    ', columns)),
    ),
    ...section('WHO MAY', wrapped(roles(cmdlet), '    ', columns)),
  ];
}

const LANGUAGE = [
  'Cmdlets, parameters and names in any case; parameters by any beginning that is one only: -id for -Identity.',
  "Texts with spaces in quotes: '…' ('' is one quote) or \"…\" (a backtick escapes). $true, $false, $null.",
  'Switches take a value by a colon alone: -Confirm:$false. -WhatIf says what would be, and changes nothing.',
  "Objects go through pipes: Get-UMMailbox | Where-Object { $_.Name -like 'a*' } | Select-Object Name,Extensions",
  'A name that names nothing is an error, never all; * and ? are for Get- cmdlets.',
];

function overview(cmdlets: readonly Cmdlet[]): string[] {
  const width = Math.max(...cmdlets.map(({ name }) => name.length));
  return [
    ...cmdlets.map(({ name, synopsis }) => `${name.padEnd(width)}  ${synopsis}`),
    '',
    ...LANGUAGE,
    '',
    'Get-Help NAME tells all of one.',
  ];
}

function found(written: string, cmdlets: readonly Cmdlet[]): Cmdlet[] {
  if (hasWildcard(written)) return cmdlets.filter(({ name }) => fitsInAnyCase(name, written));
  const wanted = written.toLowerCase();
  const exact = cmdlets.filter(({ name, aliases = [] }) =>
    [name, ...aliases].some((one) => one.toLowerCase() === wanted),
  );
  return exact.length > 0 ? exact : cmdlets.filter(({ name }) => name.toLowerCase().includes(wanted));
}

/** Of one cmdlet, as Get-Help and `-?` show it. */
export function helpOf(cmdlet: Cmdlet, columns: number): Item[] {
  return [{ formatted: pageOf(cmdlet, columns) }];
}

const columnsOf = ({ context }: Call): number => context.display?.columns ?? 100;

export const getHelp: Cmdlet = {
  name: 'Get-Help',
  aliases: ['help', 'man'],
  synopsis: 'Tells what cmdlets do, and how they are written.',
  permission: null,
  parameters: [
    { name: 'Name', type: { kind: 'name', of: 'cmdlet' }, position: 1, says: 'A cmdlet; without it, all in brief.' },
    { name: 'Parameter', type: { kind: 'text' }, says: 'This parameter of it alone; * and ? stand for any letters.' },
    { name: 'Examples', type: { kind: 'switch' }, says: 'The examples alone.' },
    ...unusedSwitches('Full', 'Detailed', 'Online', 'ShowWindow'),
  ],
  examples: [
    { line: 'Get-Help Set-UMMailboxPolicy', says: 'All of it. Set-UMMailboxPolicy -? does the same.' },
    { line: 'Get-Help Set-UMMailboxPolicy -Parameter Notify*', says: 'Some of its parameters.' },
  ],
  run(call) {
    const { bound, cmdlets } = call;
    const written = bound.text('Name');
    if (written === undefined) return [{ formatted: overview(cmdlets) }];
    const hits = found(written, cmdlets);
    const [only] = hits;
    if (only === undefined) {
      const meant = didYouMean(
        written,
        cmdlets.map(({ name }) => name),
      );
      throw new CmdletError(`There is no cmdlet '${written}'.${meant || ' Get-Command lists those there are.'}`);
    }
    if (hits.length > 1) return [{ formatted: overview(hits).slice(0, hits.length) }];
    const wanted = bound.text('Parameter');
    if (wanted !== undefined) {
      const parameters = only.parameters.filter(({ name }) => fitsInAnyCase(name, wanted.replace(/^-/, '')));
      if (parameters.length > 0) return [{ formatted: parameters.flatMap(parameterLines) }];
      const known = only.parameters.map(({ name }) => name);
      throw new CmdletError(`${only.name} has no parameter '${wanted}'.${didYouMean(wanted, known)}`);
    }
    if (bound.flag('Examples'))
      return [{ formatted: only.examples.flatMap(({ line, says }) => [line, `    ${says}`]) }];
    return helpOf(only, columnsOf(call));
  },
};

/** What the caller may run. */
export const mayRun = ({ permission, self }: Cmdlet, { context: { caller } }: Pick<Call, 'context'>): boolean =>
  permission === null ||
  caller.permissions.has(permission) ||
  (self === true && caller.permissions.has('self') && caller.mailbox !== null);

export const getCommand: Cmdlet = {
  name: 'Get-Command',
  aliases: ['gcm'],
  synopsis: 'Lists the cmdlets that you may run.',
  permission: null,
  parameters: [
    { name: 'Name', type: { kind: 'text' }, position: 1, says: 'Those of this name; * and ? stand for any letters.' },
    { name: 'Verb', type: { kind: 'text' }, says: 'Those whose name begins so: Get.' },
    { name: 'Noun', type: { kind: 'text' }, says: 'Those whose name ends so: UMMailbox*.' },
    ...unusedSwitches('All'),
  ],
  examples: [{ line: 'Get-Command *UM*', says: 'The cmdlets for telephony.' }],
  run(call) {
    const { bound, cmdlets } = call;
    const pattern = (name: string): string => bound.text(name) ?? '*';
    const written = bound.text('Name');
    const matches = cmdlets.filter((cmdlet) => {
      const [verb = '', noun = ''] = cmdlet.name.split('-');
      return (
        mayRun(cmdlet, call) &&
        fitsInAnyCase(cmdlet.name, pattern('Name')) &&
        fitsInAnyCase(verb, pattern('Verb')) &&
        fitsInAnyCase(noun, pattern('Noun'))
      );
    });
    if (matches.length === 0 && written !== undefined && !hasWildcard(written))
      throw new CmdletError(
        `The term '${written}' is not recognized as the name of a cmdlet that you may run.${didYouMean(
          written,
          cmdlets.map(({ name }) => name),
        )}`,
      );
    return matches.map(({ name, aliases = [], synopsis }) => ({
      type: 'CmdletInfo',
      identity: name,
      properties: { CommandType: 'Cmdlet', Name: name, Aliases: aliases, Synopsis: synopsis },
      view: ['CommandType', 'Name', 'Synopsis'],
    }));
  },
};
