import { workerData } from 'node:worker_threads';
import { openForReading } from './database.ts';
import { reads } from './reads.ts';
import { requireCurrentSchema } from './schema.ts';
import { runner, serve, type Backend, type WorkerSettings } from './worker-messages.ts';

export type Reads = ReturnType<typeof reads>;

function openReader({ path }: WorkerSettings): Backend {
  const db = openForReading(path);
  requireCurrentSchema(db, path);
  const run = runner(reads(db));
  return {
    run: (units) =>
      units.map((unit) => {
        try {
          return { value: run(unit) };
        } catch (error) {
          return { error };
        }
      }),
    close: () => db.close(),
  };
}

const settings = workerData as WorkerSettings;
serve(settings.path, () => openReader(settings));
