import type { Reporter, TestCase, TestModule, TestSuite } from 'vitest/node';

/**
 * Ends every run with `N passed, N failed` (`, N skipped`), as the runner counted, and says what was left out: a suite that
 * needs a program the machine lacks carries the remedy in its title (test/support/peers.ts).
 */
export default class ClosingLine implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], unhandled: readonly unknown[]): void {
    const tests = modules.flatMap((module) => [...module.children.allTests()]);
    const count = (state: string): number => tests.filter((test) => test.result().state === state).length;
    const broken = modules.filter((module) => module.errors().length > 0).length + unhandled.length;
    const skipped = tests.filter((test) => test.result().state === 'skipped');
    for (const title of new Set(skipped.map(topTitle))) process.stdout.write(`left out: ${title}\n`);
    const left = skipped.length === 0 ? '' : `, ${skipped.length} skipped`;
    process.stdout.write(`${count('passed')} passed, ${count('failed') + broken} failed${left}\n`);
  }
}

function topTitle(test: TestCase): string {
  let node: TestCase | TestSuite = test;
  while (node.parent.type !== 'module') node = node.parent;
  return node.name;
}
