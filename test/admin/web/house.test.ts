import { glob, readFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { describe, expect, it } from 'vitest';
import { OPERATIONS } from '../../../src/admin/contract.ts';
import { ROUTES } from '../../../src/admin/web/api/routes.ts';

const WEB = 'src/admin/web';

describe('the house of the admin centre', () => {
  it('it imports from itself; from outside the contract’s types, and that in one file', async () => {
    const outside: string[] = [];
    for await (const file of glob(`${WEB}/**/*.{ts,tsx}`)) {
      const source = await readFile(file, 'utf8');
      for (const [, names = '', path = ''] of source.matchAll(/(?:import|export)([^;]*?)from '(\.[^']+)'/g)) {
        const target = relative('.', join(dirname(file), path));
        if (!target.startsWith(`${WEB}/`)) outside.push(`${file} ${names.trim().split(' ')[0]} ${target}`);
      }
    }
    expect([...new Set(outside)]).toEqual([`${WEB}/api/contract.ts type src/admin/contract.ts`]);
  });

  it('an area does not reach into another one, but for its paths', async () => {
    const wrong: string[] = [];
    for await (const file of glob(`${WEB}/pages/*/*.{ts,tsx}`)) {
      const source = await readFile(file, 'utf8');
      for (const [, path = ''] of source.matchAll(/from '\.\.\/([\w-]+\/[^']+)'/g)) {
        if (!/\/(paths|index)\.ts$/.test(path)) wrong.push(`${file} ${path}`);
      }
    }
    expect(wrong).toEqual([]);
  });

  it('every operation of the contract is asked where it is served', () => {
    const served = Object.entries(OPERATIONS).map(([name, { method, path }]) => [name, `${method} ${path}`]);
    expect(ROUTES).toEqual(Object.fromEntries(served));
  });

  it('no file is longer than 400 lines', async () => {
    for await (const file of glob(`${WEB}/**/*.{ts,tsx}`)) {
      expect((await readFile(file, 'utf8')).split('\n').length, file).toBeLessThanOrEqual(400);
    }
  });
});
