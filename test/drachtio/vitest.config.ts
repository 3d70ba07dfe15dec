import process from 'node:process';
import { defineConfig } from 'vitest/config';

/**
 * The conformance suite alone. Against a drachtio-server (`DRACHTIO_URL`) one file runs at a time: it hands new requests to its
 * applications in turn, so that two tests at once would take each other's calls. Its timers are real ones.
 */
const server = (process.env['DRACHTIO_URL'] ?? '') !== '';

export default defineConfig({
  test: {
    include: ['test/drachtio/**/*.test.ts'],
    reporters: [server ? 'tree' : 'default', './test/drachtio/left-out.ts'],
    testTimeout: server ? 120_000 : 20_000,
    hookTimeout: 20_000,
    fileParallelism: !server,
    maxWorkers: server ? 1 : 2,
  },
});
