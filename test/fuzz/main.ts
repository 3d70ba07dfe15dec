import { inspect, parseArgs } from 'node:util';
import { fuzz, type FuzzReport } from './run.ts';

/** `npm run fuzz -- [--seed N] [--from CASE] [--count N]` */
const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: String(Date.now() % 2 ** 32) },
    from: { type: 'string', default: '0' },
    count: { type: 'string', default: '1000000' },
  },
});
const [seed, from, count] = [values.seed, values.from, values.count].map(Number);
if (![seed, from, count].every(Number.isInteger)) throw new Error('--seed, --from and --count take whole numbers');

process.on('uncaughtException', (error) => {
  process.stderr.write(`seed ${seed}: nobody caught ${inspect(error)}\n`);
  process.exit(1);
});

const startMs = performance.now();
const PROGRESS_EACH = 20_000;

function describe({ cases, milliseconds }: FuzzReport): string {
  const levels = Object.entries(cases).map(([level, number]) => {
    const each = (milliseconds[level as keyof typeof milliseconds] / Math.max(1, number)).toFixed(3);
    return `${level} ${number} (${each} ms)`;
  });
  return levels.join(', ');
}

process.stdout.write(`seed ${seed}, cases ${from} to ${Number(from) + Number(count) - 1}\n`);
try {
  const report = await fuzz({
    seed: Number(seed),
    from: Number(from),
    count: Number(count),
    onProgress(done, so) {
      if (done % PROGRESS_EACH !== 0) return;
      const seconds = ((performance.now() - startMs) / 1_000).toFixed(0);
      process.stdout.write(`${done} cases in ${seconds} s: ${describe(so)}\n`);
    },
  });
  const mebibytes = (bytes: number): string => `${(bytes / 2 ** 20).toFixed(1)} MiB`;
  process.stdout.write(`no promise was broken; ${describe(report)}
heap: ${mebibytes(report.quarterHeapBytes)} after a quarter, ${mebibytes(report.finalHeapBytes)} at the end
CPU: ${(process.cpuUsage().user / 1e6).toFixed(0)} s in user code, ${(process.cpuUsage().system / 1e6).toFixed(0)} s in the kernel\n`);
} catch (error) {
  process.stderr.write(`${inspect(error)}\n`);
  process.exitCode = 1;
}
