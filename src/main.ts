#!/usr/bin/env node
import { hostname } from 'node:os';
import { run } from './cli/index.ts';

// Whoever reads the output may have enough of it (`mcg calls | head`); a gateway goes on without its log.
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
  });
}

/** The only file that touches `process`: argv, environment, signals, exit code. */
process.exitCode = await run({
  argv: process.argv.slice(2),
  env: process.env,
  cwd: process.cwd(),
  hostname: hostname(),
  pid: process.pid,
  stdin: process.stdin,
  stdout: process.stdout,
  stderr: process.stderr,
  onSignal: (signal, listener) => process.on(signal, listener),
  exitNow: (code) => process.exit(code),
});
