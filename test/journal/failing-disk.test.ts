import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { openSqliteJournal } from '../../src/journal/index.ts';
import { temporaryFolder } from './samples.ts';

const MAX_FILE_KIB = 512;

describe('a journal whose disk takes no more', () => {
  it(
    'rejects with the reason, says so when probed, and goes on when there is room again',
    { timeout: 30_000 },
    async () => {
      const folder = temporaryFolder();
      const path = join(folder.path, 'gateway.db');
      const entry = fileURLToPath(new URL('./failing-disk.ts', import.meta.url));
      // A soft limit on the size of files stands in for a full disk: unlike a mount, it needs no rights.
      const child = spawn(
        'sh',
        ['-c', `ulimit -S -f ${MAX_FILE_KIB * 2}; exec "$0" "$@"`, process.execPath, entry, path],
        {
          stdio: ['ignore', 'pipe', 'inherit'],
        },
      );
      try {
        const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
        const said = async (): Promise<unknown> => JSON.parse(String((await lines.next()).value));
        expect(await said()).toEqual({
          said: 'full',
          error: {
            code: expect.stringMatching(/^(io|full)$/) as unknown,
            message: expect.stringContaining(path) as unknown,
          },
          probe: {
            code: expect.stringMatching(/^(io|full)$/) as unknown,
            message: expect.stringContaining(path) as unknown,
          },
        });
        execFileSync('prlimit', ['--pid', String(child.pid), '--fsize=unlimited']);
        const { kept } = (await said()) as { kept: string[] };
        if (child.exitCode === null) await once(child, 'exit');
        const journal = await openSqliteJournal({ path, node: 'gw1', now: Date.now });
        for (const id of kept) expect((await journal.call(id))?.outcome).toBe('missed');
        await journal.close();
      } finally {
        child.kill('SIGKILL');
        folder.remove();
      }
    },
  );
});
