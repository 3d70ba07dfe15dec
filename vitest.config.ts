import { env } from 'node:process';
import { defineConfig } from 'vitest/config';

// What Node makes of each source file is kept from one run to the next: the programs and threads that tests start are at work
// in half the time. It has to stand before the workers start, so not in `test.env`.
env['NODE_COMPILE_CACHE'] ??= 'node_modules/.cache/node';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    reporters: ['default', './test/support/closing-line.ts'],
    testTimeout: 20_000,
    hookTimeout: 20_000,
    // Of two cores: most of the long tests wait for telephones, browsers and timers more than they compute.
    maxWorkers: 3,
  },
});
