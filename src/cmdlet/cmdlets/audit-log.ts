import type { AuditFilter, AuditRecord } from '../../journal/index.ts';
import { isDeepStrictEqual } from 'node:util';
import { isRecord, type ShellObject, shown, type Value } from '../objects.ts';
import type { Call, Cmdlet } from '../types.ts';
import { journalOf } from './journal.ts';
import { DOMAIN_CONTROLLER } from './parameters.ts';

/** Exchange's where none is given, and the most that it takes. */
const DEFAULT_RESULT_SIZE = 1_000;
const MAX_RESULT_SIZE = 250_000;
/** Records that the journal is asked for at a time. */
const PAGE = 500;
/** Properties of a change that are shown. */
const MAX_SHOWN = 100;
/** Of one change. */
const MAX_SHOWN_LENGTH = 2_000;

/** What was different, property by property: `Name: before -> after`. The file's keys begin with small letters. */
function modifiedOf({ before, after }: AuditRecord): { name: string; text: string }[] {
  const [was, is] = [before, after].map((side) => (side ?? null) as Value);
  const old = was !== undefined && isRecord(was) ? was : {};
  const next = is !== undefined && isRecord(is) ? is : {};
  return [...new Set([...Object.keys(old), ...Object.keys(next)])]
    .filter((name) => !isDeepStrictEqual(old[name], next[name]))
    .slice(0, MAX_SHOWN)
    .map((name) => {
      const parameter = name.charAt(0).toUpperCase() + name.slice(1);
      const text = `${parameter}: ${shown(old[name] ?? null)} -> ${shown(next[name] ?? null)}`;
      return { name: parameter, text: text.slice(0, MAX_SHOWN_LENGTH) };
    });
}

function shapeOf(record: AuditRecord): ShellObject {
  const modified = modifiedOf(record);
  return {
    type: 'AdminAuditLogEvent',
    identity: record.id,
    properties: {
      RunDate: new Date(record.at),
      Caller: record.actor,
      CmdletName: record.operation,
      ObjectModified: record.target,
      CmdletParameters: modified.map(({ name }) => name),
      ModifiedProperties: modified.map(({ text }) => text),
      Succeeded: record.result === 'intended' ? null : record.result === 'done',
      Error: record.error,
      Why: record.why,
      SignedInBy: record.by,
      ClientAddress: record.source,
      Identity: record.id,
    },
    view: ['RunDate', 'Caller', 'CmdletName', 'ObjectModified', 'ModifiedProperties', 'Succeeded'],
  };
}

interface Wanted {
  readonly cmdlets: ReadonlySet<string>;
  readonly objects: ReadonlySet<string>;
  readonly users: ReadonlySet<string>;
  readonly parameters: readonly string[];
  readonly succeeded: boolean | undefined;
}

const lower = (texts: readonly string[] | undefined): string[] => (texts ?? []).map((text) => text.toLowerCase());
const fits = (wanted: ReadonlySet<string>, text: string): boolean =>
  wanted.size === 0 || wanted.has(text.toLowerCase());

function wantedOf({ bound }: Call): Wanted {
  const set = (name: string): ReadonlySet<string> => new Set(lower(bound.texts(name)));
  return {
    cmdlets: set('Cmdlets'),
    objects: set('ObjectIds'),
    users: set('UserIds'),
    parameters: lower(bound.texts('Parameters')),
    succeeded: bound.boolean('IsSuccess'),
  };
}

function isWanted(record: AuditRecord, { cmdlets, objects, users, parameters, succeeded }: Wanted): boolean {
  if (!fits(cmdlets, record.operation) || !fits(objects, record.target) || !fits(users, record.actor)) return false;
  if (succeeded !== undefined && record.result !== (succeeded ? 'done' : 'failed')) return false;
  if (parameters.length === 0) return true;
  const modified = modifiedOf(record).map(({ name }) => name.toLowerCase());
  return parameters.some((name) => modified.includes(name));
}

/** What the journal can choose by itself: one name of each. */
function filterOf(call: Call): AuditFilter {
  const { bound } = call;
  const only = (name: string): string | undefined => {
    const texts = bound.texts(name);
    return texts?.length === 1 ? texts[0] : undefined;
  };
  const optional = {
    from: bound.time('StartDate')?.getTime(),
    to: bound.time('EndDate')?.getTime(),
    operation: operationNamed(only('Cmdlets'), call),
  };
  return Object.fromEntries(Object.entries(optional).filter(([, value]) => value !== undefined));
}

/** As it is written in the records, where it is one of ours: they may be asked for it by no other case. */
function operationNamed(written: string | undefined, { cmdlets }: Call): string | undefined {
  return cmdlets.find(({ name }) => name.toLowerCase() === written?.toLowerCase())?.name;
}

export const searchAdminAuditLog: Cmdlet = {
  name: 'Search-AdminAuditLog',
  synopsis: 'Shows what administrators have changed, newest first.',
  permission: 'audit.read',
  parameters: [
    { name: 'Cmdlets', type: { kind: 'texts' }, says: 'By these cmdlets alone: Set-UMMailboxPolicy,Set-UMMailbox.' },
    { name: 'Parameters', type: { kind: 'texts' }, says: 'Where one of these properties was changed.' },
    { name: 'ObjectIds', type: { kind: 'texts' }, says: 'Of these things, by their names.' },
    { name: 'UserIds', type: { kind: 'texts' }, says: 'By these people.' },
    { name: 'IsSuccess', type: { kind: 'boolean' }, says: '$true: what was done; $false: what failed.' },
    { name: 'StartDate', type: { kind: 'time' }, says: 'From then on: 2026-11-24 or 11/24/2026 (UTC).' },
    { name: 'EndDate', type: { kind: 'time' }, says: 'Before then.' },
    {
      name: 'ResultSize',
      type: { kind: 'integer', min: 1, max: MAX_RESULT_SIZE },
      byDefault: String(DEFAULT_RESULT_SIZE),
      says: 'How many at most.',
    },
    {
      name: 'StartIndex',
      type: { kind: 'integer', min: 0, max: 2_147_483_647 },
      byDefault: '0',
      says: 'How many are left out before.',
    },
    {
      name: 'ExternalAccess',
      type: { kind: 'boolean' },
      says: 'Exchange’s: $true gives what people outside the organization did, of whom there are none here.',
    },
    DOMAIN_CONTROLLER,
  ],
  examples: [
    { line: 'Search-AdminAuditLog -Cmdlets Set-UMMailboxPolicy -StartDate 2026-11-01', says: 'Changes of policies.' },
    { line: 'Search-AdminAuditLog -UserIds davids | Format-List', says: 'All that one person did.' },
  ],
  async run(call) {
    const { bound } = call;
    const journal = journalOf(call);
    if (bound.boolean('ExternalAccess') === true) return [];
    const wanted = wantedOf(call);
    const filter = filterOf(call);
    const most = bound.number('ResultSize') ?? DEFAULT_RESULT_SIZE;
    let skip = bound.number('StartIndex') ?? 0;
    const found: ShellObject[] = [];
    let after: string | null = null;
    do {
      await call.breathe();
      const page = await journal.audit(filter, { limit: PAGE, ...(after === null ? {} : { after }) });
      for (const record of page.items) {
        if (found.length === most || !isWanted(record, wanted)) continue;
        if (skip > 0) skip -= 1;
        else found.push(shapeOf(record));
      }
      after = page.next;
    } while (after !== null && found.length < most);
    return found;
  },
};
