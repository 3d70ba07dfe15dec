import { expect, it, onTestFinished, vi } from 'vitest';
import { fuzz, GROWTH_BYTES } from './run.ts';

/** Another one: MCG_FUZZ_SEED=7. `npm run fuzz` runs a million cases, of a seed that it prints. */
const SEED = Number(process.env['MCG_FUZZ_SEED'] ?? 1);
const COUNT = 20_000;

it(`${COUNT} mutated messages to parser, framer, transactions, engine and client port break no promise (seed ${SEED})`, async () => {
  // drachtio-srf says there what it cannot read.
  for (const way of ['log', 'error'] as const) {
    const spy = vi.spyOn(console, way).mockImplementation(() => undefined);
    onTestFinished(() => spy.mockRestore());
  }
  const report = await fuzz({ seed: SEED, count: COUNT });
  expect(Object.values(report.cases).reduce((sum, cases) => sum + cases)).toBe(COUNT);
  expect(Math.min(...Object.values(report.cases))).toBeGreaterThan(500);
  expect(report.finalHeapBytes - report.quarterHeapBytes).toBeLessThan(GROWTH_BYTES);
}, 120_000);
