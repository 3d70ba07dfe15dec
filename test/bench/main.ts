import { execFileSync } from 'node:child_process';
import { machineText } from './machine.ts';
import { cpu, loops, mail, memory, policy, rate, start, type Measure } from './measures.ts';
import { markdown, type Row } from './table.ts';

/** The order in which they run; each can be asked for by name. */
const MEASURES: Readonly<Record<string, Measure>> = { start, memory, cpu, rate, loops, mail, policy };

const USAGE = `npm run bench                measures everything: about three minutes
npm run bench -- cpu mail    only these, of: ${Object.keys(MEASURES).join(', ')}
`;

async function bench(names: readonly string[]): Promise<number> {
  const unknown = names.filter((name) => !Object.hasOwn(MEASURES, name));
  if (unknown.length > 0) {
    process.stderr.write(`There is no measure ${unknown.join(', ')}.\n${USAGE}`);
    return 2;
  }
  try {
    execFileSync('sipp', ['-v'], { stdio: 'ignore' });
  } catch (error) {
    // sipp -v ends with a failure of its own; only its absence matters.
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') {
      process.stderr.write('sipp makes the calls, and is not installed: run bash test/setup/debian.sh as root.\n');
      return 1;
    }
  }
  process.stdout.write(`${await machineText()}\n\n`);
  const rows: Row[] = [];
  let exitCode = 0;
  for (const [name, measure] of Object.entries(MEASURES)) {
    if (names.length > 0 && !names.includes(name)) continue;
    try {
      for await (const row of measure()) {
        rows.push(row);
        process.stderr.write(`${row.measure}: ${row.figure}\n`);
      }
    } catch (error) {
      // The others are worth having all the same.
      exitCode = 1;
      process.stderr.write(`${name} could not be measured: ${String(error)}\n`);
      rows.push({ measure: `${name} could not be measured`, figure: error instanceof Error ? error.message : '' });
    }
  }
  process.stdout.write(`\n${markdown(rows)}\n`);
  return exitCode;
}

process.exitCode = await bench(process.argv.slice(2));
