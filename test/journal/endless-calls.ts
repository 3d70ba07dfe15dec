/** A process that begins and settles calls for ever, and says of each on its standard output when that is committed. */
import { openSqliteJournal } from '../../src/journal/index.ts';
import { callStart, missed } from './samples.ts';

const [path = ''] = process.argv.slice(2);
const journal = await openSqliteJournal({ path, node: 'gw1', now: Date.now, pid: process.pid });

async function calls(): Promise<never> {
  for (;;) {
    const start = callStart();
    await journal.begin(start);
    process.stdout.write(`begun ${start.id}\n`);
    await journal.settle(missed(start.id));
    process.stdout.write(`settled ${start.id}\n`);
  }
}

await Promise.all(Array.from({ length: 20 }, calls));
