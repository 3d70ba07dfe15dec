/** The entry of a worker thread that answers `echo` and dies of `die`; it says how often it was started by what it echoes. */
import { serve, runner } from '../../src/journal/sqlite/worker-messages.ts';

const run = runner({
  echo: (text: string) => text,
  die: () => {
    process.exit(3);
  },
});

serve('nowhere.db', () => ({
  run: (units) => units.map((unit) => ({ value: run(unit) })),
  close: () => undefined,
}));
