import { globSync, readFileSync } from 'node:fs';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { newBranch, newCallId, newTag, newTransactionId, randomFraction } from '../../src/sip/ids.ts';

const SOURCES = globSync('src/{sip,drachtio}/**/*.ts', { cwd: new URL('../..', import.meta.url) });

afterEach(() => {
  vi.restoreAllMocks();
});

/** Bits that differ between samples, of 4 in each hexadecimal digit. */
function changingBits(make: () => string): number {
  const samples = Array.from({ length: 200 }, () =>
    make()
      .replace(/^z9hG4bK-/, '')
      .replaceAll('-', ''),
  );
  let bits = 0;
  for (let place = 0; place < (samples[0]?.length ?? 0); place++) {
    const digits = samples.map((sample) => Number.parseInt(sample.charAt(place), 16));
    for (const mask of [1, 2, 4, 8]) if (new Set(digits.map((digit) => digit & mask)).size === 2) bits++;
  }
  return bits;
}

describe('what must not be guessed', () => {
  it.each([
    // RFC 3261 19.3: 32 bits at least. Who guesses a branch or a tag can answer or end calls of others.
    ['branch', newBranch, 122],
    ['tag', newTag, 60],
    ['Call-ID', newCallId, 122],
    ['transaction id', newTransactionId, 122],
  ])('a %s has its bits of randomness', (_what, make, bits) => {
    expect(changingBits(make)).toBe(bits);
    expect(new Set(Array.from({ length: 10_000 }, make)).size).toBe(10_000);
  });

  it('comes from no source that can be predicted', () => {
    const predictable = vi.spyOn(Math, 'random').mockReturnValue(0.5);
    const made = [newBranch, newTag, newCallId, newTransactionId].flatMap((make) => [make(), make()]);
    expect(new Set([...made, randomFraction(), randomFraction()]).size).toBe(10);
    expect(predictable).not.toHaveBeenCalled();
  });

  it('is made in ids.ts alone, and nowhere by Math.random', () => {
    expect(SOURCES.length).toBeGreaterThan(50);
    const random = /\b(Math\.random|random(UUID|Bytes|Int|Fill|FillSync)|getRandomValues|webcrypto)\b/;
    const users = SOURCES.filter((file) => random.test(readFileSync(file, 'utf8')));
    expect(users.toSorted()).toEqual(['src/drachtio/ids.ts', 'src/sip/ids.ts']);
    for (const file of users) {
      expect(readFileSync(file, 'utf8')).toMatch(/^import \{[^}]*\} from 'node:crypto';/);
      expect(readFileSync(file, 'utf8')).not.toContain('Math.random');
    }
  });
});
