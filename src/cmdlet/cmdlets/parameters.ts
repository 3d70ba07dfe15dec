import type { Named, Parameter, ParameterType } from '../types.ts';

/** Parameters that several cmdlets have, and short ways to write them down. */

const NOTHING_HERE = 'Exchange’s; means nothing here.';

function unused(type: ParameterType, names: readonly string[], nullable = false): Parameter[] {
  return names.map((name) => ({
    name,
    type,
    says: NOTHING_HERE,
    unused: true,
    ...(nullable ? { nullable: true } : {}),
  }));
}

/** Exchange's, checked and passed over. */
export const unusedBooleans = (...names: string[]): Parameter[] => unused({ kind: 'boolean' }, names);
export const unusedSwitches = (...names: string[]): Parameter[] => unused({ kind: 'switch' }, names);
export const unusedLists = (...names: string[]): Parameter[] => unused({ kind: 'texts', changes: true }, names, true);
export const unusedTexts = (...names: string[]): Parameter[] => unused({ kind: 'text' }, names, true);
/** Texts of mails, which Exchange bounds. */
export const unusedMailTexts = (...names: string[]): Parameter[] => unused({ kind: 'text', max: 512 }, names, true);
export const unusedNumber = (name: string, min: number, max: number): Parameter[] =>
  unused({ kind: 'integer', min, max }, [name]);
export const unusedCount = (name: string, min: number, max: number): Parameter[] =>
  unused({ kind: 'integer', min, max, unlimited: true }, [name]);
export const unusedChoice = (name: string, ...of: string[]): Parameter[] => unused({ kind: 'choice', of }, [name]);

export function identity(of: Named, what: string, mandatory: boolean): Parameter {
  return {
    name: 'Identity',
    type: { kind: 'name', of },
    position: 1,
    fromPipeline: true,
    says: what,
    ...(mandatory ? { mandatory: true } : {}),
  };
}

export const DOMAIN_CONTROLLER: Parameter = {
  name: 'DomainController',
  type: { kind: 'text' },
  unused: true,
  says: 'Exchange’s; there is no domain controller here.',
};

/** Of every cmdlet that changes something. */
export const CHANGING: readonly Parameter[] = [
  { name: 'WhatIf', aliases: ['wi'], type: { kind: 'switch' }, says: 'Says what would be, and changes nothing.' },
  {
    name: 'Confirm',
    aliases: ['cf'],
    type: { kind: 'switch' },
    says: 'Asks first. Remove- and Disable- ask anyway; -Confirm:$false (with the colon) keeps them from it.',
  },
  {
    name: 'Why',
    type: { kind: 'text', max: 512 },
    ours: true,
    says: 'Why the change is made, for the administrators’ log (Search-AdminAuditLog).',
  },
  DOMAIN_CONTROLLER,
];

/** PowerShell's, of every cmdlet. */
export const COMMON: readonly Parameter[] = [
  { name: 'Verbose', aliases: ['vb'], type: { kind: 'switch' }, ours: true, unused: true, says: 'PowerShell’s.' },
  { name: 'Debug', aliases: ['db'], type: { kind: 'switch' }, ours: true, unused: true, says: 'PowerShell’s.' },
  ...(
    [
      ['ErrorAction', 'ea'],
      ['WarningAction', 'wa'],
    ] as const
  ).map(([name, alias]): Parameter => ({
    name,
    aliases: [alias],
    type: { kind: 'choice', of: ['Continue', 'Ignore', 'Inquire', 'SilentlyContinue', 'Stop', 'Suspend'] },
    ours: true,
    unused: true,
    says: 'PowerShell’s: an error ends the command here, a warning does not.',
  })),
];
