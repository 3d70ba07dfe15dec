import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { readRegularFile } from '../../src/yamlfile/index.ts';

const folder = mkdtempSync(join(tmpdir(), 'mcg-yamlfile-'));
afterAll(() => rmSync(folder, { recursive: true }));

function sizeRead(path: string, maxBytes: number): number | string {
  const read = readRegularFile(path, maxBytes);
  return typeof read === 'string' ? read : read.bytes.length;
}

describe('a regular file', () => {
  it.each([0, 1, 65_535, 65_536, 65_537, 300_000])(
    'of %i bytes is read whole, and refused beyond its limit',
    (size) => {
      const path = join(folder, String(size));
      writeFileSync(path, 'x'.repeat(size));
      expect(sizeRead(path, size)).toBe(size);
      if (size > 0) expect(sizeRead(path, size - 1)).toBe('too large');
    },
  );

  it('is read no further than its limit, whatever size it says it has', () => {
    expect(sizeRead('/proc/self/status', 1_000_000)).toBeGreaterThan(100);
    expect(sizeRead('/proc/self/status', 100)).toBe('too large');
  });

  it('is what a directory and a device are not', () => {
    expect(sizeRead(folder, 100)).toBe('directory');
    expect(sizeRead('/dev/zero', 100)).toBe('special');
  });
});
