import { writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { cpu } from './cpu.ts';
import { growth } from './growth.ts';
import { cleanUpAtExit } from './lifetime.ts';
import { describeMachine, machineText } from './machine.ts';
import { loops, mail, memory, policy, rate, start } from './measures.ts';
import { profile } from './profile.ts';
import { SYSTEMS, type SystemName } from './systems.ts';
import { markdown, type Row } from './table.ts';

interface Options {
  readonly rounds: number;
  readonly rates: readonly number[] | null;
  readonly seconds: number;
  readonly calls: number;
  readonly systems: readonly SystemName[];
}

type Measure = (options: Options) => AsyncIterable<Row>;

const ALL_SYSTEMS = Object.keys(SYSTEMS) as SystemName[];

/** The order in which they run. */
const MEASURES: Readonly<Record<string, Measure>> = {
  start,
  memory,
  cpu: (options) => cpu({ ...options, rates: options.rates ?? [300, 100] }),
  rate,
  loops,
  mail,
  policy,
};
/** Only where they are named: they take long, or judge nothing. */
const LONG_MEASURES: Readonly<Record<string, Measure>> = {
  growth: ({ calls, rates }) => growth({ calls, rate: rates?.[0] ?? 300 }),
  profile: ({ rates, seconds }) => profile({ rate: rates?.[0] ?? 300, seconds }),
};

const USAGE = `npm run bench                    measures ${Object.keys(MEASURES).join(', ')}: about nine minutes
npm run bench -- cpu mail        only these
npm run bench -- growth          memory over 200,000 calls, twice: about 26 minutes
npm run bench -- profile         where the gateway's CPU time goes
Options: --rounds 3, --seconds 5 (of each system in each round), --rate 300 (or 300,100), --calls 200000 (of growth),
--systems ${ALL_SYSTEMS.join(',')} (of cpu), --json FILE
drachtio-server is measured where DRACHTIO_BIN names its binary.
`;

async function bench(argv: readonly string[]): Promise<number> {
  const { values, positionals: names } = parseArgs({
    args: [...argv],
    allowPositionals: true,
    options: {
      rounds: { type: 'string', default: '3' },
      rate: { type: 'string' },
      seconds: { type: 'string', default: '5' },
      calls: { type: 'string', default: '200000' },
      systems: { type: 'string', default: ALL_SYSTEMS.join(',') },
      json: { type: 'string' },
    },
  });
  const chosen = names.length > 0 ? names : Object.keys(MEASURES);
  const measures = { ...MEASURES, ...LONG_MEASURES };
  const options: Options = {
    rounds: whole('rounds', values.rounds),
    rates: values.rate === undefined ? null : values.rate.split(',').map((text) => whole('rate', text)),
    seconds: whole('seconds', values.seconds),
    calls: whole('calls', values.calls),
    systems: values.systems.split(',').map((name) => known('system', name, SYSTEMS) as SystemName),
  };
  for (const name of chosen) known('measure', name, measures);
  const machine = await describeMachine();
  if (machine.sipp === null)
    throw new Error('sipp makes the calls, and is not installed: run bash test/setup/debian.sh as root');
  process.stdout.write(`${machineText(machine)}\n\n`);
  const rows: Row[] = [];
  let exitCode = 0;
  for (const name of chosen) {
    try {
      for await (const row of measures[name]!(options)) {
        rows.push(row);
        process.stderr.write(`${row.measure}: ${row.figure}${row.ok === false ? `, MISSED: ${row.bar}` : ''}\n`);
      }
    } catch (error) {
      // The others are worth having all the same.
      exitCode = 1;
      process.stderr.write(`${name} could not be measured: ${String(error)}\n`);
      rows.push({ measure: `${name} could not be measured`, figure: error instanceof Error ? error.message : '' });
    }
  }
  process.stdout.write(`\n${markdown(rows)}\n`);
  if (values.json !== undefined)
    await writeFile(values.json, `${JSON.stringify({ machine, options, rows }, null, 2)}\n`);
  return rows.some(({ ok }) => ok === false) ? 1 : exitCode;
}

function whole(name: string, text: string): number {
  if (/^[1-9]\d{0,6}$/.test(text)) return Number(text);
  throw new Error(`--${name} wants a whole number from 1, not ${text}`);
}

function known(what: string, name: string, table: Readonly<Record<string, unknown>>): string {
  if (Object.hasOwn(table, name)) return name;
  throw new Error(`there is no ${what} ${name}; there are ${Object.keys(table).join(', ')}`);
}

cleanUpAtExit();
try {
  process.exitCode = await bench(process.argv.slice(2));
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n\n${USAGE}`);
  process.exitCode = 2;
}
