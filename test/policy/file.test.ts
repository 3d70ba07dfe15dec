import { execFileSync } from 'node:child_process';
import { appendFile, mkdir, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type PolicyText, readPolicyFile, replacePolicyFile, withLock } from '../../src/policy/file.ts';
import { temporaryFolders } from './files.ts';

const temporaryFolder = temporaryFolders();

function read(path: string): PolicyText {
  const text = readPolicyFile(path);
  if ('message' in text) throw new Error(text.message);
  return text;
}

describe('a file is replaced only where it is still the one that was read', () => {
  it('it is replaced where nobody has touched it', async () => {
    const path = join(await temporaryFolder(), 'policy.yaml');
    await writeFile(path, 'old');
    expect(replacePolicyFile(read(path), 'new')).toBe(true);
    expect(await readFile(path, 'utf8')).toBe('new');
  });

  it('somebody else’s change stays, and nothing is left beside it', async () => {
    const folder = await temporaryFolder();
    const path = join(folder, 'policy.yaml');
    await writeFile(path, 'old');
    const seen = read(path);
    await appendFile(path, ' and changed');
    expect(replacePolicyFile(seen, 'new')).toBe(false);
    expect(await readFile(path, 'utf8')).toBe('old and changed');
    expect(await readdir(folder)).toEqual(['policy.yaml']);
  });

  it('a file that was put in its place stays too', async () => {
    const path = join(await temporaryFolder(), 'policy.yaml');
    await writeFile(path, 'old');
    const seen = read(path);
    await rm(path);
    await writeFile(path, 'old');
    expect(replacePolicyFile(seen, 'new')).toBe(false);
    expect(await readFile(path, 'utf8')).toBe('old');
  });
});

describe('what is no ordinary file', () => {
  const refused = async (make: (path: string) => unknown): Promise<string> => {
    const path = join(await temporaryFolder(), 'policy.yaml');
    await make(path);
    const read = readPolicyFile(path);
    return 'message' in read ? read.message : 'it was read';
  };

  it.each<[string, (path: string) => unknown, string]>([
    ['a pipe, which would be waited for', (path) => execFileSync('mkfifo', [path]), 'this is a pipe or a device'],
    ['a device without end', (path) => symlink('/dev/zero', path), 'this is a pipe or a device'],
    ['a directory', (path) => mkdir(path), 'this is a directory'],
  ])('is refused at once: %s', async (_what, make, says) => {
    expect(await refused(make)).toContain(says);
  });

  it('a file that says it has no bytes is read to its end', async () => {
    const path = join(await temporaryFolder(), 'policy.yaml');
    await symlink('/proc/self/status', path);
    expect(read(path).text).toContain('VmPeak');
  });
});

describe('the lock', () => {
  it('is there during a change and gone after it, even one that fails', async () => {
    const folder = await temporaryFolder();
    const path = join(folder, 'policy.yaml');
    expect(await withLock(path, async () => readPolicyFile(`${path}.lock`))).toMatchObject({ text: '' });
    await expect(withLock(path, () => Promise.reject(new Error('no')))).rejects.toThrow('no');
    expect(await readdir(folder)).toEqual([]);
  });
});
