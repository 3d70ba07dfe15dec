import { readdir, readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { readTarget } from './target.ts';

const LINES = 60;

async function rows(): Promise<string[][]> {
  const readme = await readFile(new URL('../../src/drachtio/README.md', import.meta.url), 'utf8');
  return [...readme.matchAll(/^\|\s*(\d+)\s*\|(.*)\|$/gm)].map(([, line = '', rest = '']) => [
    line,
    ...rest.split(/(?<!\\)\|/).map((cell) => cell.trim()),
  ]);
}

/** The numbers that titles of tests begin with. */
async function tested(): Promise<Set<string>> {
  const files = (await readdir(import.meta.dirname)).filter((name) => name.endsWith('.test.ts'));
  const texts = await Promise.all(files.map((name) => readFile(`${import.meta.dirname}/${name}`, 'utf8')));
  return new Set(texts.flatMap((text) => [...text.matchAll(/['`](\d{1,2}): /g)].map(([, line = '']) => line)));
}

describe('the table of the checklist', () => {
  it('has one row for each line, which says what is so here and with a drachtio-server', async () => {
    const table = await rows();
    expect(table.map(([line]) => Number(line))).toEqual(Array.from({ length: LINES }, (_, index) => index + 1));
    for (const [line, asks, here, there] of table) {
      for (const cell of [asks, here, there]) expect(cell, `line ${line}`).toMatch(/\S/);
      expect(here, `line ${line}`).toMatch(/^(yes|no)\b/);
    }
  });

  it('promises nothing that no test is named after', async () => {
    const titles = await tested();
    const promised = (await rows()).filter(([, , here]) => !here?.startsWith('no')).map(([line]) => line);
    expect(promised.filter((line) => line === undefined || !titles.has(line))).toEqual([]);
  });
});

describe('DRACHTIO_URL', () => {
  it.each([
    [undefined, undefined, null],
    ['', undefined, null],
    ['127.0.0.1:9022:cymru', undefined, { host: '127.0.0.1', port: 9022, secret: 'cymru', t1x64Ms: 32_000 }],
    ['host:1:s', '2000', { host: 'host', port: 1, secret: 's', t1x64Ms: 2_000 }],
  ])('%s with %s', (url, t1x64Ms, target) => {
    expect(readTarget(url, t1x64Ms)).toEqual(target);
  });

  it.each(['127.0.0.1', '127.0.0.1:9022', ':9022:cymru', '127.0.0.1:x:cymru'])(
    '%s is refused with how to write it',
    (url) => {
      expect(() => readTarget(url, undefined)).toThrow('write host:port:secret');
    },
  );
});
