import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildPages } from '../../support/web/browser.ts';

/** gzip'ed: what comes before the sign-in can be seen, and what all pages are together. */
const MAX_START_BYTES = 260_000;
const MAX_TOTAL_BYTES = 450_000;

let built: Awaited<ReturnType<typeof buildPages>>;
let index: string;

beforeAll(async () => {
  built = await buildPages();
  index = await readFile(join(built.folder, 'index.html'), 'utf8');
}, 60_000);
afterAll(() => built.remove());

async function zipped(files: readonly string[]): Promise<number> {
  const texts = await Promise.all(files.map((file) => readFile(join(built.folder, 'assets', file))));
  return texts.reduce((total, text) => total + gzipSync(text).length, 0);
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
      const text = await readFile(join(built.folder, 'assets', file), 'utf8');
      expect(text, file).not.toMatch(/ZodType|invalid_type|node:fs|fastify/);
    }
  });

  it('they are fetched from the server alone', async () => {
    const urls = new Set<string>();
    for (const file of await readdir(join(built.folder, 'assets'))) {
      const text = await readFile(join(built.folder, 'assets', file), 'utf8');
      for (const [url] of text.matchAll(/(?:fetch|import)\(["']https?:[^"']+/g)) urls.add(url);
    }
    expect([...urls]).toEqual([]);
    expect(index).not.toMatch(/https?:/);
  });

  it('the first screen and the whole stay small', async () => {
    const files = (await readdir(join(built.folder, 'assets'))).filter((file) => file.endsWith('.js'));
    const start = files.filter((file) => index.includes(file));
    expect(await zipped(start)).toBeLessThan(MAX_START_BYTES);
    expect(await zipped(files)).toBeLessThan(MAX_TOTAL_BYTES);
    expect((await stat(join(built.folder, 'index.html'))).size).toBeLessThan(4096);
  });
});
