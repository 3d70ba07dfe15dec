/**
 * A process that writes calls until its disk is full (its parent limits the size of its files), says `full` with the error
 * and a failed probe, and tries on until a call is written; then it says `back`.
 */
import { setTimeout as wait } from 'node:timers/promises';
import { openSqliteJournal } from '../../src/journal/index.ts';
import { callStart, missed } from './samples.ts';

const [path = ''] = process.argv.slice(2);
const journal = await openSqliteJournal({ path, node: 'gw1', now: Date.now });
const kept: string[] = [];

async function call(): Promise<void> {
  const start = callStart();
  await journal.begin(start);
  await journal.settle(missed(start.id));
  kept.push(start.id);
}

function describeError(error: unknown): { code: unknown; message: string } {
  return error instanceof Error && 'code' in error
    ? { code: error.code, message: error.message }
    : { code: null, message: String(error) };
}

let error: unknown;
let probe: unknown;
do {
  error = await call().then(() => null, describeError);
  probe = await journal.probe().then(() => null, describeError);
} while (error === null || probe === null);
process.stdout.write(`${JSON.stringify({ said: 'full', error, probe })}\n`);
do {
  await wait(20);
  error = await call().then(() => null, describeError);
} while (error !== null);
await journal.probe();
process.stdout.write(`${JSON.stringify({ said: 'back', kept })}\n`);
await journal.close();
