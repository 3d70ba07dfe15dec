import { CmdletError } from '../errors.ts';
import { isObject, type Item, type ShellObject, shown, type Value } from '../objects.ts';
import { list, plain, table } from '../output/format.ts';
import { csv, jsonText, jsonValue } from '../output/text.ts';
import type { Call, Cmdlet, Parameter } from '../types.ts';
import { pipedToText } from './filter.ts';

const DISPLAY = { columns: null, colour: false } as const;

const PROPERTY: Parameter = {
  name: 'Property',
  type: { kind: 'texts' },
  position: 1,
  says: 'The properties, in this order; * and ? stand for any letters.',
};
const UNUSED_SWITCH = { type: { kind: 'switch' }, unused: true } as const;

/** Mere values are shown as they are, between the objects. */
function formatted(call: Call, format: (items: readonly ShellObject[]) => readonly string[]): Item[] {
  const items = pipedToText(call);
  const objects = items.filter(isObject);
  if (objects.length === items.length) return items.length === 0 ? [] : [{ formatted: format(objects) }];
  return items.map((item) => ({ formatted: isObject(item) ? format([item]) : [shown(item as Value)] }));
}

export const formatTable: Cmdlet = {
  name: 'Format-Table',
  aliases: ['ft'],
  synopsis: 'Shows objects in a table.',
  permission: null,
  parameters: [
    PROPERTY,
    { name: 'AutoSize', ...UNUSED_SWITCH, says: 'Columns are as wide as what they hold anyway.' },
    { name: 'Wrap', ...UNUSED_SWITCH, says: 'Whole texts are shown where the output is no terminal.' },
  ],
  examples: [{ line: 'Get-UMMailbox | Format-Table Name,Extensions', says: 'Two columns.' }],
  run: (call) => {
    const wanted = call.bound.texts('Property') ?? null;
    return formatted(call, (items) => table(items, wanted, call.context.display ?? DISPLAY));
  },
};

export const formatList: Cmdlet = {
  name: 'Format-List',
  aliases: ['fl'],
  synopsis: 'Shows objects with a line for each property.',
  permission: null,
  parameters: [PROPERTY],
  examples: [{ line: 'Get-UMMailboxPolicy MyUMMailboxPolicy | Format-List', says: 'All of one policy.' }],
  run: (call) => {
    const wanted = call.bound.texts('Property') ?? null;
    return formatted(call, (items) => list(items, wanted, call.context.display ?? DISPLAY));
  },
};

export const convertToJson: Cmdlet = {
  name: 'ConvertTo-Json',
  synopsis: 'Makes JSON of objects.',
  permission: null,
  parameters: [
    { name: 'Compress', type: { kind: 'switch' }, says: 'Without line breaks.' },
    { name: 'AsArray', type: { kind: 'switch' }, says: 'An array also of one object, or none.' },
    { name: 'Depth', type: { kind: 'integer', min: 0, max: 100 }, unused: true, says: 'All is written, however deep.' },
  ],
  examples: [{ line: 'Get-UMMailboxPolicy | ConvertTo-Json', says: 'All policies, for a program.' }],
  run: (call) => {
    const values = pipedToText(call).map((item) => jsonValue(isObject(item) ? item.properties : (item as Value)));
    const { bound } = call;
    if (values.length === 0 && !bound.flag('AsArray')) return [];
    const whole = values.length === 1 && !bound.flag('AsArray') ? values[0] : values;
    return [{ formatted: jsonText(whole, bound.flag('Compress')).split('\n') }];
  },
};

const DELIMITER: Parameter = {
  name: 'Delimiter',
  type: { kind: 'text', form: /^[,;\t|]$/, formIs: 'one of , ; | or a tab ("`t")' },
  position: 2,
  byDefault: ',',
  says: 'What stands between cells.',
};
const NO_TYPE: Parameter = {
  name: 'NoTypeInformation',
  aliases: ['nti'],
  ...UNUSED_SWITCH,
  says: 'There is no line with the type anyway.',
};
const SAFE =
  'A cell that a sheet would take for a formula begins with an apostrophe. A list is one cell, its members between semicolons.';

function csvOf(call: Call, withHeading: boolean): string {
  const objects = pipedToText(call).map((item): ShellObject =>
    isObject(item) ? item : { type: 'Value', identity: null, properties: { Value: item as Value } },
  );
  return csv(objects, call.bound.text('Delimiter') ?? ',', withHeading);
}

export const convertToCsv: Cmdlet = {
  name: 'ConvertTo-Csv',
  synopsis: 'Makes CSV of objects.',
  permission: null,
  parameters: [{ ...DELIMITER, position: 1 }, NO_TYPE],
  examples: [{ line: 'Get-UMMailbox | ConvertTo-Csv', says: 'All mailboxes, for a sheet.' }],
  notes: [SAFE],
  run: (call) => {
    const text = csvOf(call, true);
    return text === '' ? [] : [{ formatted: text.slice(0, -2).split('\r\n').map(plain) }];
  },
};

export const exportCsv: Cmdlet = {
  name: 'Export-Csv',
  aliases: ['epcsv'],
  synopsis: 'Writes objects into a CSV file.',
  permission: null,
  parameters: [
    {
      name: 'Path',
      aliases: ['PSPath', 'LiteralPath'],
      type: { kind: 'text' },
      position: 1,
      mandatory: true,
      says: 'The file.',
    },
    DELIMITER,
    { name: 'Append', type: { kind: 'switch' }, says: 'Behind what the file has, without a heading.' },
    { name: 'NoClobber', type: { kind: 'switch' }, says: 'Refuses to write over a file.' },
    NO_TYPE,
    { name: 'Encoding', type: { kind: 'text' }, unused: true, says: 'The file is UTF-8.' },
    { name: 'Force', ...UNUSED_SWITCH, says: 'Means nothing here.' },
  ],
  examples: [{ line: 'Get-UMMailbox | Export-Csv users.csv', says: 'All mailboxes, for a sheet.' }],
  notes: [SAFE, 'Files are written where the cmdlet is run on the command line, and nowhere else.'],
  async run(call) {
    const { bound, context } = call;
    const { files } = context;
    if (files === undefined)
      throw new CmdletError('Export-Csv writes no files here: use ConvertTo-Csv, or mcg shell on the gateway.');
    const append = bound.flag('Append');
    const text = csvOf(call, !append);
    await files.write(bound.text('Path') ?? '', text, { append, keep: bound.flag('NoClobber') });
    return [];
  },
};
