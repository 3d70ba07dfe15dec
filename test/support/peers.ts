import { execFileSync } from 'node:child_process';
import { describe } from 'vitest';

function installed(program: string): boolean {
  try {
    execFileSync('sh', ['-c', 'command -v "$0"', program], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

/** `describe` for tests against a real program; left out, with the remedy in the title, where it is not installed. */
export function describeWith(program: string, title: string, suite: () => void): void {
  if (installed(program)) describe(title, suite);
  else describe.skip(`${title} (needs ${program}: run bash test/setup/debian.sh as root)`, suite);
}
