import process from 'node:process';
import type { Reporter, TestModule } from 'vitest/node';

/** Ends a run with every test that the engine under test could not be asked for, under the reason it gave. */
export default class LeftOut implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    const byReason = new Map<string, string[]>();
    for (const test of modules.flatMap((module) => [...module.children.allTests()])) {
      const result = test.result();
      if (result.state !== 'skipped') continue;
      const reason = result.note ?? 'without a reason';
      byReason.set(reason, [...(byReason.get(reason) ?? []), test.name]);
    }
    for (const [reason, titles] of byReason) {
      process.stdout.write(`left out, ${reason}:\n${titles.map((title) => `  ${title}\n`).join('')}`);
    }
  }
}
