import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { describe } from 'vitest';

function installed(program: string): boolean {
  // A part of a program: no shell would find it.
  if (program.endsWith('.so')) return existsSync(program);
  try {
    execFileSync('sh', ['-c', 'command -v "$0"', program], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

/** Where `test/setup/debian.sh` has it only on demand. */
const GROUPS: readonly (readonly [part: string, group: string])[] = [
  ['kamailio', 'proxy'],
  ['chromium', 'browser'],
  ['sv', 'scan'],
  ['linphonec', 'phones'],
];

/** `describe` for tests against a real program, or a module of one; left out, with the remedy in the title, where it is not installed. */
export function describeWith(program: string, title: string, suite: () => void): void {
  if (installed(program)) return void describe(title, suite);
  const [, group] = GROUPS.find(([part]) => program.includes(part)) ?? ['', ''];
  describe.skip(`${title} (needs ${program}: run ${`bash test/setup/debian.sh ${group}`.trim()} as root)`, suite);
}
