import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { brotliDecompressSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildPages } from '../../support/web/browser.ts';

/** As they are sent: what comes before the sign-in can be seen, and what all pages are together. */
const MAX_START_BYTES = 270_000;
const MAX_TOTAL_BYTES = 450_000;

let built: Awaited<ReturnType<typeof buildPages>>;
let index: string;

beforeAll(async () => {
  built = await buildPages();
  index = await readFile(join(built.folder, 'index.html'), 'utf8');
}, 60_000);
afterAll(() => built.remove());

async function sentBytes(files: readonly string[]): Promise<number> {
  const sizes = await Promise.all(
    files.map(async (file) => {
      const path = join(built.folder, 'assets', file);
      const { size } = await stat(`${path}.br`).catch(() => stat(path));
      return size;
    }),
  );
  return sizes.reduce((total, size) => total + size, 0);
}

/** A script, and what it cannot start without. */
async function withImports(file: string, found = new Set<string>()): Promise<Set<string>> {
  if (found.has(file)) return found;
  found.add(file);
  const text = await readFile(join(built.folder, 'assets', file), 'utf8');
  for (const [, next = ''] of text.matchAll(/(?:from|import)\s*["']\.\/([\w.-]+\.js)["']/g))
    await withImports(next, found);
  return found;
}

describe('the built pages', () => {
  it('no script stands in the page, and what is loaded carries the nonce', () => {
    expect(index).not.toMatch(/<script(?![^>]*\ssrc=)/);
    expect(index).not.toMatch(/\son\w+=|<style|style="/);
    expect(index).toContain('<meta property="csp-nonce" nonce="__CSP_NONCE__"');
    for (const [tag] of index.matchAll(/<(?:script|link rel="stylesheet")[^>]*>/g))
      expect(tag).toContain('__CSP_NONCE__');
  });

  it('nothing of zod or of the server is in them', async () => {
    for (const file of await readdir(join(built.folder, 'assets'))) {
      if (file.endsWith('.br')) continue;
      const text = await readFile(join(built.folder, 'assets', file), 'utf8');
      expect(text, file).not.toMatch(/ZodType|invalid_type|node:fs|fastify/);
    }
  });

  it('they are fetched from the server alone', async () => {
    const urls = new Set<string>();
    for (const file of await readdir(join(built.folder, 'assets'))) {
      if (file.endsWith('.br')) continue;
      const text = await readFile(join(built.folder, 'assets', file), 'utf8');
      for (const [url] of text.matchAll(/(?:fetch|import)\(["']https?:[^"']+/g)) urls.add(url);
    }
    expect([...urls]).toEqual([]);
    expect(index).not.toMatch(/https?:/);
  });

  it('what is compressed is what is written', async () => {
    const files = (await readdir(join(built.folder, 'assets'))).filter((file) => file.endsWith('.br'));
    expect(files.length).toBeGreaterThan(10);
    for (const file of files) {
      const path = join(built.folder, 'assets', file);
      expect(brotliDecompressSync(await readFile(path)).equals(await readFile(path.replace(/\.br$/, '')))).toBe(true);
    }
  });

  it('the first screen and the whole stay small', async () => {
    const files = (await readdir(join(built.folder, 'assets'))).filter((file) => file.endsWith('.js'));
    const start = new Set<string>();
    for (const [, script = ''] of index.matchAll(/src="\/assets\/([\w.-]+\.js)"/g)) await withImports(script, start);
    expect(start.size).toBeGreaterThan(0);
    expect(start.size).toBeLessThan(6);
    expect(await sentBytes([...start])).toBeLessThan(MAX_START_BYTES);
    expect(await sentBytes(files)).toBeLessThan(MAX_TOTAL_BYTES);
    expect((await stat(join(built.folder, 'index.html'))).size).toBeLessThan(4096);
  });
});
